#include "http/request_parser.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "base/crc32c.hpp"
#include "base/fnv.hpp"

namespace urb::http {

struct RequestParser::Callbacks {
  static RequestParser& self(llhttp_t* parser) noexcept {
    return *static_cast<RequestParser*>(parser->data);
  }
  template <int (RequestParser::*Method)(std::string_view) noexcept>
  static int data(llhttp_t* parser, const char* at, std::size_t size) noexcept {
    return (self(parser).*Method)({at, size});
  }
  template <int (RequestParser::*Method)() noexcept>
  static int event(llhttp_t* parser) noexcept {
    return (self(parser).*Method)();
  }
  static int message_complete(llhttp_t* parser) noexcept {
    self(parser).message_complete_ = true;
    // llhttp's own idea of it heeds Proxy-Connection and trailers. It would refuse what follows on
    // a connection that was promised to stay.
    if (self(parser).head_.keep_alive) {
      parser->flags = F_CONNECTION_KEEP_ALIVE;
      parser->http_minor = 1;
    }
    return HPE_PAUSED;
  }
  static const llhttp_settings_t& settings() noexcept {
    static const llhttp_settings_t made = [] {
      llhttp_settings_t all;
      llhttp_settings_init(&all);
      all.on_method_complete = event<&RequestParser::on_method>;
      all.on_url = data<&RequestParser::on_target>;
      all.on_version = data<&RequestParser::on_line_bytes>;
      all.on_version_complete = event<&RequestParser::on_version>;
      all.on_header_field = data<&RequestParser::on_field_name>;
      all.on_header_value = data<&RequestParser::on_field_value>;
      all.on_header_value_complete = event<&RequestParser::on_field_end>;
      all.on_headers_complete = event<&RequestParser::on_head_end>;
      all.on_body = data<&RequestParser::on_body>;
      all.on_message_complete = message_complete;
      return all;
    }();
    return made;
  }
};

void RequestParser::restart() noexcept {
  if (!in_message_ && error_status_ == 0 && head_.keep_alive) return;
  llhttp_init(&parser_, HTTP_REQUEST, &Callbacks::settings());
  parser_.data = this;
  error_status_ = 0;
  in_message_ = paused_ = false;
}

void RequestParser::begin_message() noexcept {
  head_ = {};
  body_bytes_ = 0;
  head_bytes_ = 0;
  field_bytes_ = 0;
  crc_ = 0;
  field_count_ = 0;
  host_count_ = 0;
  in_message_ = true;
  line_begun_ = false;
  after_cr_ = false;
  line_complete_ = head_complete_ = false;
  message_complete_ = false;
  has_transfer_encoding_ = false;
  framing_bytes_ = 0;
  name_.clear();
  value_.clear();
  query_ = {};
  target_ = {};
  host_ = {};
  connection_ = {};
}

ParseStep RequestParser::parse(std::span<const std::byte> bytes) noexcept {
  if (error_status_ != 0) return {ParseStatus::error, 0};
  if (!in_message_ && !bytes.empty()) begin_message();
  if (paused_) {
    llhttp_resume(&parser_);
    paused_ = false;
  }
  input_ = reinterpret_cast<const char*>(bytes.data());
  framed_until_ = 0;
  if (!line_begun_ && check_empty_lines({input_, bytes.size()}) != HPE_OK) {
    return fail_step(error_status_, 0);
  }
  const bool was_in_head = !head_complete_;
  const llhttp_errno error = llhttp_execute(&parser_, input_, bytes.size());
  const std::size_t consumed =
      error == HPE_OK ? bytes.size()
                      : static_cast<std::size_t>(llhttp_get_error_pos(&parser_) - input_);
  // Also for an error. Whether the limit or the error came first must not depend on the split.
  const int status = was_in_head ? limit_head(consumed) : limit_framing(consumed);
  return status != 0 ? fail_step(status, consumed) : after_execute(error, consumed);
}

// llhttp skips any CR and LF before a request line. Only CRLF is an empty line (RFC 9112, 2.2).
int RequestParser::check_empty_lines(std::string_view bytes) noexcept {
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    // Both at once, since which came first must not depend on the split.
    if (head_bytes_ + at > kRequestLineBytesMax) return fail(414);
    const char c = bytes[at];
    line_begun_ = !after_cr_ && c != '\r';
    if (line_begun_) return c == '\n' ? fail(400) : HPE_OK;
    if (after_cr_ && c != '\n') return fail(400);
    after_cr_ = !after_cr_;
  }
  return HPE_OK;
}

// White space that no callback sees is counted here, or a head could go on without end.
int RequestParser::limit_head(std::size_t consumed) noexcept {
  head_bytes_ += consumed;
  if (!line_complete_ && head_bytes_ > kRequestLineBytesMax) return 414;
  const std::size_t most = kRequestLineBytesMax + kHeadBytesMax + kProxyBytesMax * behind_proxy_;
  return head_bytes_ > most ? 431 : 0;
}

// Chunk sizes, extensions and trailers come beside the body, and are limited too.
int RequestParser::limit_framing(std::size_t consumed) noexcept {
  framing_bytes_ += consumed - std::min(consumed, framed_until_);
  return framing_bytes_ > kFramingBytesMax && error_status_ == 0 ? 400 : 0;
}

ParseStep RequestParser::after_execute(llhttp_errno error, std::size_t consumed) noexcept {
  if (error == HPE_OK) return {ParseStatus::need_more, consumed};
  if (error != HPE_PAUSED) {
    if (error == HPE_INVALID_METHOD) head_.is_head_method = false;  // HEADS, and the like
    if (error_status_ == 0) count_unreported(consumed);
    return fail_step(error_status_ != 0 ? error_status_ : status_for(error), consumed);
  }
  paused_ = true;
  if (!message_complete_) return {ParseStatus::head_complete, consumed};
  in_message_ = false;
  return {ParseStatus::message_complete, consumed};
}

ParseStep RequestParser::fail_step(int status, std::size_t consumed) noexcept {
  error_status_ = status;
  return {ParseStatus::error, consumed};
}

int RequestParser::status_for(llhttp_errno error) const noexcept {
  // llhttp says the same of what follows a version that is in order.
  return error == HPE_INVALID_VERSION && !line_complete_ ? 505 : 400;
}

int RequestParser::on_line_bytes(std::string_view piece) noexcept {
  const auto end = static_cast<std::size_t>(piece.data() + piece.size() - input_);
  return head_bytes_ + end > kRequestLineBytesMax ? fail(414) : HPE_OK;
}

int RequestParser::on_target(std::string_view piece) noexcept {
  if (on_line_bytes(piece) != HPE_OK) return HPE_USER;
  query_.read(piece);
  target_.read(piece);
  return HPE_OK;
}

int RequestParser::on_version() noexcept {
  line_complete_ = true;
  if (parser_.http_major != 1 || parser_.http_minor > 1) return fail(505);
  head_.http11 = parser_.http_minor == 1;
  if (parser_.method == HTTP_CONNECT) return fail(405);
  const bool is_form_known = !target_.is_asterisk() || parser_.method == HTTP_OPTIONS;
  return target_.is_valid() && is_form_known ? HPE_OK : fail(400);
}

int RequestParser::count_head_bytes(std::size_t count) noexcept {
  field_bytes_ += count;
  return field_bytes_ > kHeadBytesMax + kProxyBytesMax * behind_proxy_ ? fail_size() : HPE_OK;
}

// Of a name or value with an error, llhttp reports only what came in earlier pieces. Where the last
// piece starts is in a member for its own use (9.2). The cases cut at every place notice a change.
void RequestParser::count_unreported(std::size_t consumed) noexcept {
  const auto* const begin = static_cast<const char*>(parser_._span_pos0);
  if (head_complete_ || !line_complete_ || begin == nullptr) return;
  (void)count_head_bytes(static_cast<std::size_t>(input_ + consumed - begin));
}

int RequestParser::on_field_name(std::string_view piece) noexcept {
  name_.append(piece, true);
  return count_head_bytes(piece.size());
}

int RequestParser::on_field_value(std::string_view piece) noexcept {
  if (!value_.has_begun()) {
    const std::string_view name = name_.view();
    field_ = name == "connection"          ? Field::connection
             : name == "host"              ? Field::host
             : name == "content-length"    ? Field::content_length
             : name == "transfer-encoding" ? Field::transfer_encoding
             : name == "expect"            ? Field::expect
             : name == "x-route"           ? Field::x_route
             : name == "x-verify"          ? Field::x_verify
                                           : Field::other;
    hash_ = kFnvOffset;
    trimmed_hash_ = kFnvOffset;
  }
  if (field_ == Field::x_route) {
    for (const char c : piece) {
      hash_ = fnv1a(hash_, {&c, 1});
      if (!is_blank(c)) trimmed_hash_ = hash_;
    }
  }
  if (field_ == Field::connection && !head_complete_) connection_.read(piece);
  if (field_ == Field::host && !head_complete_) host_.read(piece, target_);
  value_.append(piece, field_ != Field::other);
  return count_head_bytes(piece.size());
}

int RequestParser::on_field_end() noexcept {
  if (!value_.has_begun()) {
    // No on_header_value call for an empty value: classify the name here.
    if (on_field_value({}) != HPE_OK) return HPE_USER;
  }
  const Field field = field_;
  const std::string_view value = value_.view();
  const bool is_empty = value_.is_blank_only();
  name_.clear();
  value_.clear();
  const unsigned most = kFieldCountMax + kProxyFieldsMax * behind_proxy_;
  if (++field_count_ > most || count_head_bytes(4) != HPE_OK) return fail_size();
  if (head_complete_) return HPE_OK;  // a trailer says nothing that matters here
  switch (field) {
    case Field::connection:
      connection_.finish_field();
      if (connection_.are_too_many()) return fail(431);
      break;
    case Field::host:
      if (++host_count_ > 1 || !host_.is_valid()) return fail(400);
      // Our own proxy says so where a request of HTTP/1.0 had none (RFC 9112, 3.2).
      if (host_.is_empty() && !behind_proxy_) return fail(400);
      head_.has_host = true;
      break;
    case Field::content_length: head_.has_content_length = true; break;
    case Field::transfer_encoding:
      // Exactly "chunked", once. Somebody reads any other list or spelling differently.
      if (has_transfer_encoding_) return fail(400);
      has_transfer_encoding_ = true;
      if (!equals_ignoring_case(value, "chunked")) return fail(is_empty ? 400 : 501);
      break;
    case Field::expect:
      if (head_.http11 && !equals_ignoring_case(value, "100-continue")) return fail(417);
      head_.expect_continue = head_.http11;
      break;
    case Field::x_route:
      head_.has_route = true;
      head_.route_hash = trimmed_hash_;
      break;
    case Field::x_verify: head_.verify_crc32c = equals_ignoring_case(value, "crc32c"); break;
    case Field::other: break;
  }
  return HPE_OK;
}

int RequestParser::on_head_end() noexcept {
  head_complete_ = true;
  if (!line_complete_) return fail(505);  // HTTP/0.9: a request line without a version
  // ICE and RTSP, which llhttp reads as well.
  if (parser_.method >= HTTP_SOURCE && parser_.method <= HTTP_FLUSH) return fail(400);
  // Nothing here speaks another protocol, so an upgrade is an ordinary request. llhttp would pause
  // once more behind the message, and end the next one before it starts.
  parser_.upgrade = 0;
  if (head_.http11 && host_count_ == 0) return fail(400);
  // An absolute target takes precedence over Host (RFC 9112, 3.2.2), but not everybody knows that.
  if (target_.is_absolute() && head_.has_host && !host_.agrees_with(target_)) return fail(400);
  if (has_transfer_encoding_ && (head_.has_content_length || !head_.http11)) return fail(400);
  head_.chunked = has_transfer_encoding_;
  head_.content_length = head_.has_content_length ? parser_.content_length : 0;
  head_.response_bytes = query_.value();
  head_.keep_alive = connection_.keeps_alive(head_.http11);
  if (head_.has_body()) digest_.reset();
  if (body_max_ && head_.content_length > body_max_->value) return fail(413);
  return HPE_PAUSED;
}

int RequestParser::on_body(std::string_view piece) noexcept {
  const auto begin = static_cast<std::size_t>(piece.data() - input_);
  if (limit_framing(begin) != 0) return fail(400);
  framing_bytes_ -= std::min(framing_bytes_, kFramingPerBodyByte * piece.size());
  framed_until_ = begin + piece.size();
  body_bytes_ += piece.size();
  if (body_max_ && body_bytes_ > body_max_->value) return fail(413);
  digest_.add(std::as_bytes(std::span{piece}));
  if (head_.verify_crc32c) crc_ = crc32c(crc_, std::as_bytes(std::span{piece}));
  return HPE_OK;
}

}  // namespace urb::http
