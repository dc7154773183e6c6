/* The records of one batch of Kafka's message format 2, uncompressed, to columns; and a batch's checksum.
 *
 * Protocol: https://kafka.apache.org/documentation/#recordbatch. Called by runtime/record_batches.py.
 */
#include <stdint.h>
#include <string.h>

typedef struct {
    int64_t base_offset;
    int64_t first_timestamp;
    int64_t append_timestamp; /* of all records, where the broker set it; otherwise -1 */
    int64_t numbered;         /* whether offsets are the base offset and those after it, whatever the records say */
    int64_t *offsets;
    int64_t *timestamps;
    int64_t *key_starts; /* addresses, as all that follow; 0 for no key */
    int64_t *key_ends;
    int64_t *value_starts; /* 0 for no value */
    int64_t *value_ends;
    int64_t *header_starts; /* where the number of headers stands */
    int64_t *header_ends;
} columns;

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

static int record(cursor *from, columns *into, int64_t row) {
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
    into->offsets[row] = (int64_t)((uint64_t)into->base_offset + (uint64_t)(into->numbered ? row : after));
    into->timestamps[row] = into->append_timestamp >= 0
                                ? into->append_timestamp
                                : (int64_t)((uint64_t)into->first_timestamp + (uint64_t)since);
    return !row || into->offsets[row] > into->offsets[row - 1];
}

/* 1 where ``length`` bytes are exactly ``count`` records with offsets that ascend, 0 where not. */
int kpistream_records(const uint8_t *bytes, int64_t length, int64_t count, columns *into) {
    cursor from = {bytes, bytes + length};
    for (int64_t row = 0; row < count; row++)
        if (!record(&from, into, row)) return 0;
    return from.at == from.end;
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
