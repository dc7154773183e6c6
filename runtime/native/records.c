/* The records of batches of Kafka's message format 2, uncompressed, to columns; and a batch's checksum.
 *
 * Protocol: https://kafka.apache.org/documentation/#recordbatch. Called by runtime/record_batches.py.
 */
#include <stdint.h>
#include <string.h>

/* Where columns begin. A place is an address, 0 for no key or value; headers begin where their number stands. */
typedef struct {
    int64_t *offsets, *timestamps, *key_starts, *key_ends, *value_starts, *value_ends, *header_starts, *header_ends;
} columns;

/* What a batch's header says of its records. */
typedef struct {
    int64_t base_offset;
    int64_t first_timestamp;
    int64_t append_timestamp; /* of all records, where the broker set it; otherwise -1 */
    int64_t numbered;         /* whether offsets are the base offset and those after it, whatever the records say */
} batch;

static columns columns_of(int64_t *table, int64_t rows) {
    return (columns){table,            table + rows,     table + 2 * rows, table + 3 * rows,
                     table + 4 * rows, table + 5 * rows, table + 6 * rows, table + 7 * rows};
}

typedef struct {
    const uint8_t *at, *end;
} cursor;

/* A zigzag varint of up to 64 bits; 0 where there is none. */
static inline int varint(cursor *from, int64_t *value) {
    uint64_t bits = 0;
    for (int shift = 0; shift < 70; shift += 7) {
        if (from->at >= from->end) return 0;
        uint8_t byte = *from->at++;
        if (shift == 63 && byte > 1) return 0;
        bits |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *value = (int64_t)(bits >> 1) ^ -(int64_t)(bits & 1);
            return 1;
        }
    }
    return 0;
}

/* Bytes behind their length, where -1 (any negative one) stands for none. */
static inline int field(cursor *from, int64_t *start, int64_t *end) {
    int64_t length;
    if (!varint(from, &length) || length > from->end - from->at) return 0;
    *start = length < 0 ? 0 : (int64_t)from->at;
    *end = length < 0 ? 0 : (int64_t)(from->at + length);
    from->at += length < 0 ? 0 : length;
    return 1;
}

static int record(cursor *from, const batch *of, const columns *into, int64_t row, int64_t first) {
    int64_t length, since, after, count, ignored, start;
    if (!varint(from, &length) || length < 0 || length > from->end - from->at) return 0;
    const uint8_t *whole = from->end, *end = from->at + length;
    from->end = end;
    if (!length) return 0;
    from->at++; /* attributes, which say nothing */
    if (!varint(from, &since) || !varint(from, &after)) return 0;
    if (!field(from, &into->key_starts[row], &into->key_ends[row])) return 0;
    if (!field(from, &into->value_starts[row], &into->value_ends[row])) return 0;
    into->header_starts[row] = (int64_t)from->at;
    into->header_ends[row] = (int64_t)end;
    if (!varint(from, &count) || count < 0) return 0;
    while (count--) {
        if (!field(from, &start, &ignored) || !start) return 0; /* a header has a name */
        if (!field(from, &start, &ignored)) return 0;
    }
    if (from->at != end) return 0;
    from->end = whole;
    into->offsets[row] = (int64_t)((uint64_t)of->base_offset + (uint64_t)(of->numbered ? row - first : after));
    into->timestamps[row] = of->append_timestamp >= 0 ? of->append_timestamp
                                                      : (int64_t)((uint64_t)of->first_timestamp + (uint64_t)since);
    return !row || into->offsets[row] > into->offsets[row - 1];
}

/* Whether the bytes are exactly ``count`` records with offsets that ascend; they become rows from ``first`` on. */
static int records(cursor from, int64_t count, const batch *of, const columns *into, int64_t first) {
    for (int64_t row = first; row < first + count; row++)
        if (!record(&from, of, into, row, first)) return 0;
    return from.at == from.end;
}

/* 1 where ``length`` bytes are exactly ``count`` records of the batch, 0 where not; ``table``: eight columns of as many. */
int kpistream_records(const uint8_t *bytes, int64_t length, int64_t count, int64_t base_offset, int64_t first_timestamp,
                      int64_t append_timestamp, int64_t numbered, int64_t *table) {
    const batch of = {base_offset, first_timestamp, append_timestamp, numbered};
    const columns into = columns_of(table, count);
    return records((cursor){bytes, bytes + length}, count, &of, &into, 0);
}

#ifdef __x86_64__
__attribute__((target("sse4.2"))) static uint32_t crc32c(const uint8_t *at, const uint8_t *end) {
    uint64_t crc = 0xffffffff, eight;
    for (; end - at >= 8; at += 8) {
        memcpy(&eight, at, 8);
        crc = __builtin_ia32_crc32di(crc, eight);
    }
    for (; at < end; at++) crc = __builtin_ia32_crc32qi((uint32_t)crc, *at);
    return ~(uint32_t)crc;
}
#endif

/* CRC-32C of the bytes by the processor's own instruction; -1 where it has none. */
int64_t kpistream_crc32c(const uint8_t *bytes, int64_t length) {
#ifdef __x86_64__
    if (__builtin_cpu_supports("sse4.2")) return crc32c(bytes, bytes + length);
#endif
    (void)bytes, (void)length;
    return -1;
}

static inline int64_t big_endian(const uint8_t *at, int bytes) {
    uint64_t value = at[0] & 0x80 ? ~0ULL : 0;
    for (int place = 0; place < bytes; place++) value = value << 8 | at[place];
    return (int64_t)value;
}

enum { LENGTH_END = 12, MAGIC = 16, CRC = 17, ATTRIBUTES = 21, LAST = 23, FIRST_TIME = 27, TIME = 35, COUNT = 57, HEADER = 61 };
enum { APPEND_TIME = 0x08, NOT_PLAIN = 0x37 /* compressed, of a transaction, control */ };

/* The end of a batch that needs nothing but to be read: whole, of format 2, plain, with records; or 0. */
static const uint8_t *plain_end(const uint8_t *at, const uint8_t *end) {
    if (end - at < HEADER) return 0;
    int64_t length = big_endian(at + LENGTH_END - 4, 4), count = big_endian(at + COUNT, 4);
    if (length < HEADER - LENGTH_END || length > end - at - LENGTH_END) return 0;
    if (at[MAGIC] != 2 || at[ATTRIBUTES + 1] & NOT_PLAIN) return 0;
    return count > 0 && count <= length + LENGTH_END - HEADER ? at + LENGTH_END + length : 0;
}

/* The records in the plain batches that the bytes begin with: whole batches until there are ``most``. */
int64_t kpistream_plain_count(const uint8_t *bytes, int64_t length, int64_t most) {
    const uint8_t *at = bytes, *end = bytes + length, *next;
    int64_t count = 0;
    while (count < most && (next = plain_end(at, end))) {
        count += big_endian(at + COUNT, 4);
        at = next;
    }
    return count;
}

/* Reads those ``count`` records. Returns how many bytes were read, whole batches up to the first whose checksum or
 * records are not right; ``read``: how many rows that makes, and the offset after the last batch. */
int64_t kpistream_plain(const uint8_t *bytes, int64_t length, int64_t count, int64_t *table, int64_t *read) {
    const uint8_t *at = bytes, *end = bytes + length, *next;
    const columns into = columns_of(table, count);
    read[0] = 0;
    while (read[0] < count && (next = plain_end(at, end))) {
        int64_t rows = big_endian(at + COUNT, 4), last = big_endian(at + LAST, 4);
        if (kpistream_crc32c(at + ATTRIBUTES, next - at - ATTRIBUTES) != (big_endian(at + CRC, 4) & 0xffffffff)) break;
        batch of = {big_endian(at, 8), big_endian(at + FIRST_TIME, 8), -1, rows == last + 1};
        if (at[ATTRIBUTES + 1] & APPEND_TIME) of.append_timestamp = big_endian(at + TIME, 8);
        if (!records((cursor){at + HEADER, next}, rows, &of, &into, read[0])) break;
        read[0] += rows;
        read[1] = of.base_offset + last + 1;
        at = next;
    }
    return at - bytes;
}
