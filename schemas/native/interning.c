/* Texts to the numbers they got when they first came: a hash table that looks up a batch at once.
 *
 * Called by schemas/interning.py, whose ctypes structure mirrors the one below, and which makes room before it calls.
 */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <stdint.h>
#include <string.h>

typedef struct {
    uint64_t seed;    /* another in every process: nobody outside knows which texts fall on the same place */
    uint64_t *places; /* 0 where free; else the upper half of a text's hash, and its number + 1 */
    uint64_t mask;    /* places - 1, a power of two - 1 */
    int64_t *starts;  /* of each text in words, by number, and where the next one goes */
    uint8_t *words;
    int64_t known;
} table;

#define UPPER 0xffffffff00000000u
/* Lookups on their way at once: each waits for memory that is in no cache. */
#define AHEAD 64

static int64_t number_of(table *in, uint64_t hash, const uint8_t *text, int64_t length, int add) {
    uint64_t at = hash & in->mask, place;
    for (; (place = in->places[at]); at = (at + 1) & in->mask) {
        if ((place ^ hash) & UPPER)
            continue;
        int64_t number = (int64_t)(uint32_t)place - 1, start = in->starts[number];
        if (in->starts[number + 1] - start == length && !memcmp(in->words + start, text, (size_t)length))
            return number;
    }
    if (!add)
        return -1;
    int64_t start = in->starts[in->known];
    memcpy(in->words + start, text, (size_t)length);
    in->starts[in->known + 1] = start + length;
    in->places[at] = (hash & UPPER) | (uint64_t)(in->known + 1);
    return in->known++;
}

/* The numbers of ``count`` texts that lie from offsets[i] to offsets[i + 1]; -1 for those not known, unless ``add``. */
void kpistream_numbers(table *in, const int32_t *offsets, const uint8_t *texts, int64_t count, int32_t add,
                       int64_t *numbers) {
    uint64_t hashes[AHEAD];
    for (int64_t first = 0; first < count; first += AHEAD) {
        int64_t some = count - first < AHEAD ? count - first : AHEAD;
        for (int64_t i = 0; i < some; i++) {
            int32_t start = offsets[first + i];
            hashes[i] = XXH3_64bits_withSeed(texts + start, (size_t)(offsets[first + i + 1] - start), in->seed);
            __builtin_prefetch(in->places + (hashes[i] & in->mask));
        }
        for (int64_t i = 0; i < some; i++) {
            uint64_t place = in->places[hashes[i] & in->mask];
            if (place)
                __builtin_prefetch(in->starts + (uint32_t)place - 1);
        }
        for (int64_t i = 0; i < some; i++) {
            uint64_t place = in->places[hashes[i] & in->mask];
            if (place)
                __builtin_prefetch(in->words + in->starts[(uint32_t)place - 1]);
        }
        for (int64_t i = 0; i < some; i++) {
            int32_t start = offsets[first + i];
            numbers[first + i] = number_of(in, hashes[i], texts + start, offsets[first + i + 1] - start, add);
        }
    }
}

/* ``kpistream_numbers`` of one. */
int64_t kpistream_number(table *in, const uint8_t *text, int64_t length, int32_t add) {
    return number_of(in, XXH3_64bits_withSeed(text, (size_t)length, in->seed), text, length, add);
}

/* Find every text's place again, in ``places`` that are all free. */
void kpistream_replace(table *in) {
    for (int64_t number = 0; number < in->known; number++) {
        int64_t start = in->starts[number];
        uint64_t hash = XXH3_64bits_withSeed(in->words + start, (size_t)(in->starts[number + 1] - start), in->seed);
        uint64_t at = hash & in->mask;
        while (in->places[at])
            at = (at + 1) & in->mask;
        in->places[at] = (hash & UPPER) | (uint64_t)(number + 1);
    }
}

/* xxh3, without a seed, of ``count`` texts that lie from offsets[i] to offsets[i + 1]. */
void kpistream_hashes(const int32_t *offsets, const uint8_t *texts, int64_t count, uint64_t *hashes) {
    for (int64_t i = 0; i < count; i++)
        hashes[i] = XXH3_64bits(texts + offsets[i], (size_t)(offsets[i + 1] - offsets[i]));
}
