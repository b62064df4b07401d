// Which host a request is for: what Host may say, which targets there are, and that both agree.
// The bytes come in pieces, as off the wire, and no I/O is done here.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace urb::http {

/// A name has at most 253 bytes (RFC 1035), a port five digits.
inline constexpr std::size_t kHostBytesMax = 253 + 1 + 5;

[[nodiscard]] constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
[[nodiscard]] constexpr char to_lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}
[[nodiscard]] constexpr bool is_hex(char c) noexcept {
  return is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'f');
}

/// host [":" port] (RFC 9110, 7.2, and RFC 3986, 3.2.2). The grammar allows a comma, but it is
/// refused, since it joins what were two fields. So are addresses of future kinds.
class HostSyntax {
 public:
  void read(char c) noexcept {
    if (++size_ > kHostBytesMax) state_ = State::bad;
    switch (state_) {
      case State::begin:
        state_ = c == '[' ? State::address : c == ':' ? State::bad : in_name(c);
        break;
      case State::name: state_ = c == ':' ? State::port : in_name(c); break;
      case State::escape: state_ = is_hex(c) ? State::escape_end : State::bad; break;
      case State::escape_end: state_ = is_hex(c) ? State::name : State::bad; break;
      case State::address:
        if (c == ']') {
          state_ = size_ > 3 ? State::address_end : State::bad;  // the shortest is "[::]"
        } else if (!is_hex(c) && c != ':' && c != '.') {
          state_ = State::bad;
        }
        break;
      case State::address_end: state_ = c == ':' ? State::port : State::bad; break;
      case State::port:
        port_ = port_ * 10 + static_cast<unsigned>(c - '0');
        if (!is_digit(c) || port_ > 65535) state_ = State::bad;
        break;
      case State::bad: break;
    }
  }
  /// Also true for an empty text.
  [[nodiscard]] bool is_valid() const noexcept {
    return state_ == State::begin || state_ == State::name || state_ == State::address_end ||
           state_ == State::port;
  }

 private:
  enum class State : std::uint8_t {
    begin,
    name,
    escape,
    escape_end,
    address,
    address_end,
    port,
    bad
  };
  /// Who is asked for each byte of each Host: a table, not a search.
  static constexpr std::array<bool, 256> kInNames = [] {
    std::array<bool, 256> in_names{};
    for (unsigned char c = '0'; c <= '9'; ++c) in_names[c] = true;
    for (unsigned char c = 'a'; c <= 'z'; ++c) in_names[c] = in_names[c - 'a' + 'A'] = true;
    for (const char c : std::string_view{"-._~!$&'()*+;="}) {
      in_names[static_cast<unsigned char>(c)] = true;
    }
    return in_names;
  }();
  [[nodiscard]] static State in_name(char c) noexcept {
    if (c == '%') return State::escape;
    return kInNames[static_cast<unsigned char>(c)] ? State::name : State::bad;
  }
  State state_ = State::begin;
  unsigned port_ = 0;
  std::size_t size_ = 0;
};

/// The form of a request's target (RFC 9112, 3.2), except CONNECT's.
class TargetCheck {
 public:
  void read(std::string_view piece) noexcept {
    for (const char c : piece) read_one(c);
  }
  [[nodiscard]] bool is_asterisk() const noexcept { return state_ == State::asterisk; }
  [[nodiscard]] bool is_absolute() const noexcept { return is_absolute_; }
  [[nodiscard]] bool is_valid() const noexcept {
    if (is_absolute_ && (size_ == 0 || !syntax_.is_valid())) return false;
    return state_ == State::path || state_ == State::authority || state_ == State::asterisk;
  }
  /// The authority of an absolute target, in lower case.
  [[nodiscard]] std::string_view authority() const noexcept {
    return {text_.data(), is_absolute_ ? size_ : 0};
  }

 private:
  enum class State : std::uint8_t { begin, path, asterisk, scheme, authority, bad };
  void append(char c) noexcept {
    if (size_ == text_.size()) {
      state_ = State::bad;
    } else {
      text_[size_++] = to_lower(c);
    }
  }
  void read_one(char c) noexcept {
    switch (state_) {
      case State::begin:
        state_ = c == '/' ? State::path : c == '*' ? State::asterisk : State::scheme;
        if (state_ == State::scheme) append(c);
        break;
      case State::scheme: read_scheme(c); break;
      case State::authority:
        if (c == '/' || c == '?') {
          state_ = State::path;
        } else {
          syntax_.read(c);
          append(c);
        }
        break;
      case State::path:
        // A fragment is no part of a target. What is beyond ASCII has to be percent-encoded.
        if (c == '#' || static_cast<unsigned char>(c) >= 0x80) state_ = State::bad;
        break;
      case State::asterisk: state_ = State::bad; break;  // more than that
      case State::bad: break;
    }
  }
  void read_scheme(char c) noexcept {
    constexpr std::string_view kHttp = "http://";
    constexpr std::string_view kHttps = "https://";
    append(c);
    const std::string_view begun{text_.data(), size_};
    if (begun == kHttp || begun == kHttps) {
      state_ = State::authority;
      is_absolute_ = true;
      size_ = 0;
    } else if (!kHttp.starts_with(begun) && !kHttps.starts_with(begun)) {
      state_ = State::bad;
    }
  }

  State state_ = State::begin;
  bool is_absolute_ = false;
  std::size_t size_ = 0;
  std::array<char, kHostBytesMax> text_;  ///< of the scheme, then of the authority
  HostSyntax syntax_;
};

/// The value of Host, held against the authority of the target.
class HostCheck {
 public:
  /// `piece` may have white space at its ends.
  void read(std::string_view piece, const TargetCheck& target) noexcept {
    for (const char c : piece) {
      if (c == ' ' || c == '\t') {
        has_ended_ = size_ != 0;
        continue;
      }
      if (has_ended_) is_split_ = true;
      const std::string_view authority = target.authority();
      if (size_ >= authority.size() || authority[size_] != to_lower(c)) differs_ = true;
      ++size_;
      syntax_.read(c);
    }
  }
  [[nodiscard]] bool is_valid() const noexcept { return !is_split_ && syntax_.is_valid(); }
  [[nodiscard]] bool is_empty() const noexcept { return size_ == 0; }
  [[nodiscard]] bool agrees_with(const TargetCheck& target) const noexcept {
    return !differs_ && size_ == target.authority().size();
  }

 private:
  std::size_t size_ = 0;
  bool has_ended_ = false;
  bool is_split_ = false;
  bool differs_ = false;
  HostSyntax syntax_;
};

}  // namespace urb::http
