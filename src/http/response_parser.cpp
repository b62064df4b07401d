#include "http/response_parser.hpp"

#include <algorithm>
#include <charconv>

#include "base/assert.hpp"

namespace urb::http {
namespace {

// llhttp has no limit of its own. A head without an end must not occupy a connection until its
// deadline. This is four times what our server accepts in a request, a guess that no server comes
// near.
constexpr std::uint64_t kResponseHeadBytesMax = 64 * 1024;

std::optional<std::uint32_t> parse_number(std::string_view text, int base) noexcept {
  std::uint32_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number, base);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return number;
}

}  // namespace

struct ResponseParser::Callbacks {
  static ResponseParser& self(llhttp_t* parser) noexcept {
    return *static_cast<ResponseParser*>(parser->data);
  }
  static int head_end(llhttp_t* parser) noexcept { return self(parser).on_head_end(); }
  static int body(llhttp_t* parser, const char* at, std::size_t size) noexcept {
    return self(parser).on_body({at, size});
  }
  static int message_end(llhttp_t* parser) noexcept { return self(parser).on_message_end(); }
  static int field_name(llhttp_t* parser, const char* at, std::size_t size) noexcept {
    return self(parser).on_field_name({at, size});
  }
  static int field_value(llhttp_t* parser, const char* at, std::size_t size) noexcept {
    return self(parser).on_field_value({at, size});
  }
  static int field_end(llhttp_t* parser) noexcept { return self(parser).on_field_end(); }
  static llhttp_settings_t make(bool with_fields) noexcept {
    llhttp_settings_t all;
    llhttp_settings_init(&all);
    all.on_headers_complete = head_end;
    all.on_body = body;
    all.on_message_complete = message_end;
    if (with_fields) {
      all.on_header_field = field_name;
      all.on_header_value = field_value;
      all.on_header_value_complete = field_end;
    }
    return all;
  }
  static const llhttp_settings_t& settings(bool with_fields) noexcept {
    static const llhttp_settings_t bare = make(false);
    static const llhttp_settings_t full = make(true);
    return with_fields ? full : bare;
  }
};

ResponseParser::ResponseParser(std::span<char> body_prefix, ResponseFields* fields) noexcept
    : prefix_{body_prefix}, fields_{fields} {
  begin_message();
}

void ResponseParser::begin_message() noexcept {
  llhttp_init(&parser_, HTTP_RESPONSE, &Callbacks::settings(with_fields_));
  parser_.data = this;
  state_ = State::head;
  head_ = {};
  if (!with_fields_) return;
  fields_->worker_index.reset();
  fields_->crc32c.reset();
  fields_->body_digest.reset();
  fields_->clear();
}

void ResponseParser::reset(bool to_head_method, bool with_fields) noexcept {
  URB_ASSERT(!with_fields || fields_ != nullptr);
  with_fields_ = with_fields;
  begin_message();
  to_head_method_ = to_head_method;
  head_bytes_ = 0;
  interim_bytes_ = 0;
  body_bytes_ = 0;
  prefix_size_ = 0;
  error_text_ = "";
}

ParseStep ResponseParser::parse(std::span<const std::byte> bytes) noexcept {
  const auto* const begin = reinterpret_cast<const char*>(bytes.data());
  std::size_t consumed = 0;
  while (true) {
    if (state_ == State::complete) return {ParseStatus::message_complete, consumed};
    if (state_ == State::failed) return {ParseStatus::error, consumed};
    const bool was_head = state_ != State::body;
    const char* const at = begin + consumed;
    const llhttp_errno error = llhttp_execute(&parser_, at, bytes.size() - consumed);
    const std::size_t step = error == HPE_OK
                                 ? bytes.size() - consumed
                                 : static_cast<std::size_t>(llhttp_get_error_pos(&parser_) - at);
    consumed += step;
    if (was_head) head_bytes_ += step;
    if (error != HPE_OK && error != HPE_PAUSED) {
      return fail(llhttp_get_error_reason(&parser_), consumed);
    }
    if (was_head && head_bytes_ - interim_bytes_ > kResponseHeadBytesMax) {
      return fail("Head of the response too large", consumed);
    }
    if (error == HPE_OK) return {ParseStatus::need_more, consumed};

    llhttp_resume(&parser_);
    if (state_ == State::interim) {
      // Started anew instead of resumed: llhttp would refuse a message behind one that was, in its
      // view, the last of the connection.
      interim_bytes_ = head_bytes_;
      begin_message();
    } else if (state_ == State::body) {
      return {ParseStatus::head_complete, consumed};
    }
  }
}

ParseStatus ResponseParser::parse_end() noexcept {
  if (state_ == State::complete) return ParseStatus::message_complete;
  if (state_ == State::body && llhttp_message_needs_eof(&parser_) != 0 &&
      llhttp_finish(&parser_) == HPE_PAUSED && state_ == State::complete) {
    return ParseStatus::message_complete;
  }
  return fail("The connection ended before the response", 0).status;
}

ParseStep ResponseParser::fail(const char* text, std::size_t consumed) noexcept {
  state_ = State::failed;
  error_text_ = text != nullptr && *text != '\0' ? text : "Not a valid response";
  return {ParseStatus::error, consumed};
}

int ResponseParser::on_head_end() noexcept {
  const unsigned status = parser_.status_code;
  if (parser_.http_major != 1) {  // llhttp knows 0.9 and 2.0 as well
    llhttp_set_error_reason(&parser_, "Not HTTP/1.x");
    return HPE_USER;
  }
  if (status == 101) {
    llhttp_set_error_reason(&parser_, "Switched to a protocol that was not asked for");
    return HPE_USER;
  }
  // llhttp itself sets this flag when the callback answers 1. Pausing takes the answer.
  const bool is_interim = status < 200;
  if (is_interim || to_head_method_) parser_.flags |= F_SKIPBODY;
  if (is_interim) return HPE_OK;
  state_ = State::body;
  head_.status = status;
  head_.http11 = parser_.http_major == 1 && parser_.http_minor == 1;
  head_.chunked = (parser_.flags & F_CHUNKED) != 0;
  head_.has_content_length = (parser_.flags & F_CONTENT_LENGTH) != 0;
  head_.content_length = head_.has_content_length ? parser_.content_length : 0;
  head_.keep_alive = llhttp_should_keep_alive(&parser_) != 0;
  return HPE_PAUSED;
}

int ResponseParser::on_body(std::string_view piece) noexcept {
  body_bytes_ += piece.size();
  const std::size_t kept = std::min(piece.size(), prefix_.size() - prefix_size_);
  std::copy_n(piece.data(), kept, prefix_.data() + prefix_size_);
  prefix_size_ += kept;
  return HPE_OK;
}

int ResponseParser::on_field_name(std::string_view piece) noexcept {
  if (!fields_->name.has_begun() && !piece.empty()) {
    fields_->is_ours = to_lower(piece.front()) == 'x';
  }
  // Of the others the first piece only says that the name has begun.
  if (fields_->is_ours || !fields_->name.has_begun()) {
    fields_->name.append(fields_->is_ours ? piece : piece.substr(0, 1), true);
  }
  return HPE_OK;
}

int ResponseParser::on_field_value(std::string_view piece) noexcept {
  if (fields_->is_ours) fields_->value.append(piece, false);
  return HPE_OK;
}

int ResponseParser::on_field_end() noexcept {
  const std::string_view name = fields_->name.view();
  if (state_ == State::head && name == "x-worker") {  // not in a trailer
    fields_->worker_index = parse_number(fields_->value.view(), 10);
  } else if (state_ == State::head && name == "x-crc32c") {
    fields_->crc32c = parse_number(fields_->value.view(), 16);
  } else if (state_ == State::head && name == "x-body") {
    fields_->body_digest = parse_number(fields_->value.view(), 16);
  }
  fields_->clear();
  return HPE_OK;
}

int ResponseParser::on_message_end() noexcept {
  state_ = state_ == State::body ? State::complete : State::interim;
  return HPE_PAUSED;
}

}  // namespace urb::http
