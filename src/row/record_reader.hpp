// Reading a file of records of one kind, whole. The writer is record_file.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "row/record_kind.hpp"

namespace urb {

using TakeRecord =
    std::function<void(const std::vector<std::string>& record, std::uint64_t schema)>;

/// All records of the text of a CSV file called `name`, behind its header, each a row of its
/// schema. The end of a line may be CRLF, and a byte order mark may stand before the header, as
/// spreadsheets write them. A last line without its line end is a row when it has all fields of
/// one; else whatever ended the run tore it: it is left out, and `notes`, where given, gets a
/// sentence. Throws UsageError for anything that is not a file of `kind` up to its newest schema,
/// with line and column.
void parse_records(const RecordKind& kind, std::string_view text, const std::string& name,
                   std::vector<std::string>* notes, const TakeRecord& take);

/// The text of a file, also of one that gzip(1) has made smaller. Throws SysError when it cannot be
/// read, UsageError as gunzip() does.
[[nodiscard]] std::string read_record_text(const std::string& path);

/// What stands behind the last line end of a file of records.
enum class TailKind : std::uint8_t { whole, torn, foreign };
/// `whole`: a header or a row that lacks its line end only; `torn`: the beginning of a row, as far
/// as one can tell; `foreign`: as many fields as a row has, but no row.
[[nodiscard]] TailKind classify_tail(const RecordKind& kind, std::string_view tail,
                                     std::uint64_t schema);

/// The schema whose header `line` is, with or without its line end and byte order mark; 0 for none.
[[nodiscard]] std::uint64_t schema_of_header(const RecordKind& kind, std::string_view line);

}  // namespace urb
