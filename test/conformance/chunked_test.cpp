// Bodies with Transfer-Encoding: chunked, of any shape.
#include <array>

#include "conformance/conformance.hpp"

TEST_SUITE_BEGIN("conformance");

namespace urb::test {
namespace {

const std::string kHead =
    make_head("POST", "/", "Transfer-Encoding: chunked\r\nX-Verify: crc32c\r\n");

std::string make_chunk(std::string_view data, std::string_view extension = "") {
  std::array<char, 20> size;
  const int length = std::snprintf(size.data(), size.size(), "%zx", data.size());
  std::string chunk{size.data(), static_cast<std::size_t>(length)};
  return chunk.append(extension).append("\r\n").append(data).append("\r\n");
}

std::string make_chunks(std::string_view body, std::size_t chunk_bytes,
                        std::string_view extension = "") {
  std::string chunks;
  for (std::size_t at = 0; at < body.size(); at += chunk_bytes) {
    chunks += make_chunk(body.substr(at, chunk_bytes), extension);
  }
  return chunks;
}

TEST_CASE_FIXTURE(SharedServer, "a chunked body is put together from chunks of any size") {
  const std::string body = random_text(200 * 1000, 3);
  TcpClient client = connect();
  for (const std::size_t chunk_bytes :
       {std::size_t{7}, std::size_t{1000}, std::size_t{65536}, std::size_t{65537}, body.size()}) {
    CAPTURE(chunk_bytes);
    client.send(kHead + make_chunks(body, chunk_bytes) + "0\r\n\r\n");
    check_receipt(server, client.read_response(), body.size(), checksum(body));
  }
}

TEST_CASE_FIXTURE(SharedServer, "chunks may be of one byte") {
  const std::string body = random_text(5000, 4);
  TcpClient client = connect();
  client.send(kHead + make_chunks(body, 1) + "0\r\n\r\n");
  check_receipt(server, client.read_response(), body.size(), checksum(body));
}

// All processes together: what a request costs besides parsing.
std::uint64_t submitted_operations(const Server& server) {
  std::uint64_t count = 0;
  for (const ServerProcess& process : server.processes()) {
    count += process.counters->ring_sqes.get();
  }
  return count;
}

TEST_CASE_FIXTURE(SharedServer, "chunks of one byte are moved in bulk, not one by one") {
  constexpr std::size_t kChunks = 300'000;
  const std::string chunks = make_chunks(std::string(kChunks, 'b'), 1);
  const std::uint64_t before = submitted_operations(server);
  TcpClient client = connect();
  client.send(kHead + chunks + "0\r\n\r\n");
  check_receipt(server, client.read_response(), kChunks, checksum(std::string(kChunks, 'b')));
  // 1.8 MB in reads of some KiB at least, a few operations for each.
  CHECK(submitted_operations(server) - before < kChunks / 50);
}

TEST_CASE_FIXTURE(SharedServer, "a chunked body may be empty") {
  TcpClient client = connect();
  client.send(kHead + "0\r\n\r\n" + kHead + "000\r\n\r\n");
  check_receipt(server, client.read_response(), 0, 0);
  check_receipt(server, client.read_response(), 0, 0);
}

TEST_CASE_FIXTURE(SharedServer, "chunk extensions and trailers do not count as body") {
  const std::string body = random_text(3000, 5);
  TcpClient client = connect();
  client.send(kHead + make_chunks(body, 100, ";a;b=c;d=\"e f\"") +
              "0;last\r\nX-Sum: 1\r\nX-Note: 999\r\n\r\n");
  check_receipt(server, client.read_response(), body.size(), checksum(body));
  client.send(make_post("next"));
  check_receipt(server, client.read_response(), 4);
}

TEST_CASE_FIXTURE(SharedServer, "a chunked body of 10 MiB arrives whole") {
  const std::string body = random_text(10 * 1024 * 1024, 6);
  TcpClient client = connect();
  client.send(kHead);
  for (std::size_t at = 0; at < body.size(); at += 1024 * 1024) {
    client.send(make_chunks(std::string_view{body}.substr(at, 1024 * 1024), 10000));
  }
  client.send("0\r\n\r\n");
  check_receipt(server, client.read_response(), body.size(), checksum(body));
}

TEST_CASE_FIXTURE(SharedServer, "chunked requests may be pipelined") {
  TcpClient client = connect();
  std::string all;
  for (std::size_t index = 1; index <= 20; ++index) {
    all += kHead + make_chunks(std::string(index, 'c'), 3) + "0\r\n\r\n";
  }
  client.send(all);
  for (std::size_t index = 1; index <= 20; ++index) {
    CAPTURE(index);
    const std::string body(index, 'c');
    check_receipt(server, client.read_response(), index, checksum(body));
  }
}

TEST_CASE_FIXTURE(SharedServer, "wrong chunk framing is refused") {
  for (const std::string_view chunks : {"x\r\n", "-1\r\n", "3\r\nabcd\r\n", "3\r\nab\r\n\r\n",
                                        "ffffffffffffffffff\r\n", "3 \r\nabc\r\n", ";a=b\r\n"}) {
    CAPTURE(chunks);
    TcpClient client = connect();
    client.send(kHead + std::string{chunks});
    check_refused(client, 400);
  }
}

}  // namespace
}  // namespace urb::test

TEST_SUITE_END();
