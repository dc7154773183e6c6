/* Texts and keys to the numbers they got when they first came: hash tables that look up a batch at once.
 *
 * Called by schemas/interning.py, whose ctypes structure mirrors the one below, and streams/performance/key_table.py; both
 * make room before they call.
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
#define SPREAD 0x9e3779b97f4a7c15u /* as in key_table.py */
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

/* Where each of the texts of ``count`` numbers begins, once they lie one after the other; returns where the last ends,
 * which offsets cannot say beyond 2 GB. */
int64_t kpistream_lay_out(const table *in, const int64_t *numbers, int64_t count, int32_t *offsets) {
    int64_t end = 0;
    offsets[0] = 0;
    for (int64_t i = 0; i < count; i++) {
        if (i + AHEAD < count)
            __builtin_prefetch(in->starts + numbers[i + AHEAD]);
        end += in->starts[numbers[i] + 1] - in->starts[numbers[i]];
        offsets[i + 1] = (int32_t)end;
    }
    return end;
}

/* Those texts, laid out so. */
void kpistream_texts(const table *in, const int64_t *numbers, int64_t count, const int32_t *offsets, uint8_t *texts) {
    for (int64_t i = 0; i < count; i++) {
        if (i + AHEAD < count)
            __builtin_prefetch(in->words + in->starts[numbers[i + AHEAD]]);
        memcpy(texts + offsets[i], in->words + in->starts[numbers[i]], (size_t)(offsets[i + 1] - offsets[i]));
    }
}

/* Find every text's place again, in ``places`` that are all free. */
void kpistream_replace(table *in) {
    uint64_t hashes[AHEAD];
    for (int64_t first = 0; first < in->known; first += AHEAD) {
        int64_t some = in->known - first < AHEAD ? in->known - first : AHEAD;
        for (int64_t i = 0; i < some; i++) {
            int64_t start = in->starts[first + i], end = in->starts[first + i + 1];
            hashes[i] = XXH3_64bits_withSeed(in->words + start, (size_t)(end - start), in->seed);
            __builtin_prefetch(in->places + (hashes[i] & in->mask), 1);
        }
        for (int64_t i = 0; i < some; i++) {
            uint64_t at = hashes[i] & in->mask;
            while (in->places[at])
                at = (at + 1) & in->mask;
            in->places[at] = (hashes[i] & UPPER) | (uint64_t)(first + i + 1);
        }
    }
}

/* xxh3, without a seed, of ``count`` texts that lie from offsets[i] to offsets[i + 1]. */
void kpistream_hashes(const int32_t *offsets, const uint8_t *texts, int64_t count, uint64_t *hashes) {
    for (int64_t i = 0; i < count; i++)
        hashes[i] = XXH3_64bits(texts + offsets[i], (size_t)(offsets[i + 1] - offsets[i]));
}

/* Slots of keys: places holds them where the keys' hashes say, or as few places behind as others leave free; -1 where free.
 * There are mask + 1 places, and the upper 64 - shift bits of a hash say which. */

static uint64_t home(int64_t key, int32_t shift) { return (uint64_t)key * SPREAD >> shift; }

/* The slots of ``count`` keys among those ``known`` by slot, -1 for who is not there. */
void kpistream_find(const int64_t *known, const int32_t *places, uint64_t mask, int32_t shift, const int64_t *keys,
                    int64_t count, int64_t *slots) {
    for (int64_t first = 0; first < count; first += AHEAD) {
        int64_t last = count - first < AHEAD ? count : first + AHEAD;
        for (int64_t i = first; i < last; i++)
            __builtin_prefetch(places + home(keys[i], shift));
        for (int64_t i = first; i < last; i++) {
            int32_t slot = places[home(keys[i], shift)];
            if (slot >= 0)
                __builtin_prefetch(known + slot);
        }
        for (int64_t i = first; i < last; i++) {
            uint64_t at = home(keys[i], shift);
            int32_t slot;
            while ((slot = places[at]) >= 0 && known[slot] != keys[i])
                at = (at + 1) & mask;
            slots[i] = slot;
        }
    }
}

/* Give the keys of slots ``first`` to before ``end``, which are not there, their places. */
void kpistream_place(const int64_t *known, int32_t *places, uint64_t mask, int32_t shift, int64_t first, int64_t end) {
    for (int64_t slot = first; slot < end; slot++) {
        if (slot + AHEAD < end)
            __builtin_prefetch(places + home(known[slot + AHEAD], shift), 1);
        uint64_t at = home(known[slot], shift);
        while (places[at] >= 0)
            at = (at + 1) & mask;
        places[at] = (int32_t)slot;
    }
}
