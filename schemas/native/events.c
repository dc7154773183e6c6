/* Events in JSON to columns, many at a time: what is plain is read here, all else is left to Python.
 *
 * A record is taken only where it is certain that the pydantic models would accept it with the very same values. Escapes,
 * exponents, members given twice, splits and whatever else is rare make it "left", never wrong; nothing is rejected here.
 * Called by schemas/native/scanner.py, whose ctypes structures mirror the ones below.
 */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <stdint.h>
#include <string.h>

typedef const uint8_t *text;

typedef struct {
    text at;
    int32_t length;
    uint32_t hash; /* of a column's distinct word; unset elsewhere */
} span;

enum rule { TEXT, NUMBER, FLAG, UNREAD };

/* A member of an event type's data. */
typedef struct {
    span name;
    int32_t rule;
    int32_t column;         /* in the table's columns; -1 for UNREAD */
    int32_t required;       /* must be there, and not null */
    int32_t nullable;       /* null stands for absent */
    int32_t has_default;
    int32_t no_controls;    /* TEXT: none of C1 either */
    int32_t shortest;       /* TEXT: bytes */
    int32_t longest;
    const uint8_t *letters; /* TEXT: of each byte, whether it may occur (1) and come first (2); NULL where all may */
    int64_t otherwise;      /* the default of a NUMBER or FLAG */
    int64_t low, high;      /* NUMBER: bounds, in ten-thousandths */
} field;

typedef struct {
    span name;
    const field *fields;
    const int32_t *needs; /* pairs of fields: where the first is given, the second must be */
    int32_t field_count;
    int32_t need_count;
    int32_t lineage;      /* the field with the id of the event it refers to, -1 for none */
    int32_t other_source; /* the field with that event's source, by default the own */
} kind;

/* A column under construction. A TEXT is a code per row into distinct words, -1 for absent. */
typedef struct {
    int32_t rule;
    int32_t words;
    int64_t present; /* rows with a value */
    int32_t *codes;
    int64_t *numbers; /* NUMBER and FLAG */
    uint8_t *given;   /* NUMBER and FLAG */
    span *word;
    int32_t *places; /* hash table of words, -1 where free */
    uint32_t mask;   /* its size - 1, a power of two - 1; given: the largest that there is room for */
    int32_t filled;  /* rows that were written; those a record leaves out are written when it becomes known that any has */
} column;

typedef struct {
    const kind *kinds;
    column *columns; /* the first ones are SOURCE to EMPLOYEE */
    int32_t kind_count;
    int32_t column_count;
    int32_t max_bytes; /* of one event */
    const uint8_t *attribute; /* letters of CloudEvents' attributes */
    int32_t longest;
    int32_t rows;
    span *ids;
    span *subjects; /* texts of their own, as most differ */
    int64_t *times;
    uint8_t *event_hashes;     /* 16 bytes each, big-endian */
    uint64_t *partition_hashes;
    int64_t *taken; /* the place of each row's record */
} table;

enum { SOURCE, TYPE, EMPLOYEE };
enum { MOST_FIELDS = 64, DEEPEST = 24, LONGEST_NUMBER = 64, FIRST_PLACES = 256 };

/* memcmp's call costs short texts more than the comparison. */
static inline int equal(text one, text other, int32_t length) {
    uint64_t a, b;
    if (length < 8) {
        for (int32_t i = 0; i < length; i++)
            if (one[i] != other[i]) return 0;
        return 1;
    }
    for (int32_t i = 0; i < length - 8; i += 8) {
        memcpy(&a, one + i, 8);
        memcpy(&b, other + i, 8);
        if (a != b) return 0;
    }
    memcpy(&a, one + length - 8, 8);
    memcpy(&b, other + length - 8, 8);
    return a == b;
}

/* ---- UTF-8, which must be valid everywhere, also where it is ignored */

static int is_utf8(text at, text end) {
    while (at < end) {
        uint8_t first = *at++;
        int more = first < 0x80 ? 0 : first >= 0xc2 && first < 0xe0 ? 1 : (first & 0xf0) == 0xe0 ? 2
                   : first >= 0xf0 && first < 0xf5 ? 3 : -1;
        if (more < 0 || end - at < more) return 0;
        if (first == 0xe0 && at[0] < 0xa0) return 0;  /* longer than need be */
        if (first == 0xed && at[0] >= 0xa0) return 0; /* half of a pair */
        if (first == 0xf0 && at[0] < 0x90) return 0;
        if (first == 0xf4 && at[0] >= 0x90) return 0; /* beyond the last character */
        for (; more; more--)
            if ((*at++ & 0xc0) != 0x80) return 0;
    }
    return 1;
}

static int has_c1_control(span words) {
    for (int32_t i = 0; i + 1 < words.length; i++)
        if (words.at[i] == 0xc2 && words.at[i + 1] < 0xa0) return 1;
    return 0;
}

/* ---- JSON. Each reader returns where it ended, NULL where the record is to be left. */

static const uint64_t ONES = 0x0101010101010101;

static inline text blank(text at, text end) {
    while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) at++;
    return at;
}

static inline text string(text at, text end, span *found) {
    if (at >= end || *at != '"') return NULL;
    text start = ++at;
    uint8_t any = 0;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    for (; end - at >= 8; at += 8) { /* up to the first byte that is a quote, a backslash, a control or not ASCII */
        uint64_t bytes, quote, escape, special;
        memcpy(&bytes, at, 8);
        quote = bytes ^ (ONES * '"');
        escape = bytes ^ (ONES * '\\');
        special = ((quote - ONES) & ~quote) | ((escape - ONES) & ~escape) | ((bytes - ONES * 0x20) & ~bytes) | bytes;
        if (special & ONES * 0x80) {
            at += __builtin_ctzll(special & ONES * 0x80) / 8;
            break;
        }
    }
#endif
    for (; at < end && *at != '"'; at++) {
        if (*at < 0x20 || *at == '\\') return NULL;
        any |= *at;
    }
    if (at >= end || (any & 0x80 && !is_utf8(start, at))) return NULL;
    *found = (span){start, (int32_t)(at - start)};
    return at + 1;
}

static inline int is_digit(text at, text end) { return at < end && *at >= '0' && *at <= '9'; }

/* Any number of JSON's grammar. */
static text number(text at, text end) {
    text start = at;
    if (at < end && *at == '-') at++;
    if (!is_digit(at, end)) return NULL;
    if (*at == '0') at++;
    else while (is_digit(at, end)) at++;
    if (at < end && *at == '.') {
        if (!is_digit(++at, end)) return NULL;
        while (is_digit(at, end)) at++;
    }
    if (at < end && (*at | 0x20) == 'e') {
        if (++at < end && (*at == '+' || *at == '-')) at++;
        if (!is_digit(at, end)) return NULL;
        while (is_digit(at, end)) at++;
    }
    return at - start <= LONGEST_NUMBER ? at : NULL;
}

static inline text word(text at, text end, const char *expected, int length) {
    return end - at >= length && !memcmp(at, expected, length) ? at + length : NULL;
}

/* Any value, ignored. */
static text skip(text at, text end, int depth) {
    span ignored;
    if (at >= end || depth > DEEPEST) return NULL;
    switch (*at) {
    case '"': return string(at, end, &ignored);
    case 't': return word(at, end, "true", 4);
    case 'f': return word(at, end, "false", 5);
    case 'n': return word(at, end, "null", 4);
    case '{':
    case '[': break;
    default: return number(at, end);
    }
    int members = *at == '{';
    uint8_t close = members ? '}' : ']';
    at = blank(at + 1, end);
    if (at < end && *at == close) return at + 1;
    for (;;) {
        if (members) {
            if (!(at = string(at, end, &ignored))) return NULL;
            at = blank(at, end);
            if (at >= end || *at != ':') return NULL;
            at = blank(at + 1, end);
        }
        if (!(at = skip(at, end, depth + 1))) return NULL;
        at = blank(at, end);
        if (at >= end) return NULL;
        if (*at == close) return at + 1;
        if (*at != ',') return NULL;
        at = blank(at + 1, end);
    }
}

/* A number without exponent, of at most four decimals and 14 digits before them, in ten-thousandths. */
static text fixed(text at, text end, int64_t *units) {
    int negative = at < end && *at == '-';
    at += negative;
    if (!is_digit(at, end)) return NULL;
    text start = at;
    int64_t whole = 0;
    while (is_digit(at, end) && at - start < 15) whole = whole * 10 + (*at++ - '0');
    if (at - start > 14 || (*start == '0' && at - start > 1)) return NULL;
    int decimals = 0;
    if (at < end && *at == '.') {
        at++;
        if (!is_digit(at, end)) return NULL;
        for (; is_digit(at, end) && decimals < 4; decimals++) whole = whole * 10 + (*at++ - '0');
        if (is_digit(at, end)) return NULL;
    }
    for (; decimals < 4; decimals++) whole *= 10;
    if (at < end && (*at | 0x20) == 'e') return NULL;
    *units = negative ? -whole : whole;
    return at;
}

/* ---- times */

static inline int digits(text at, int count) {
    int value = 0;
    for (int i = 0; i < count; i++) {
        if (at[i] < '0' || at[i] > '9') return -1;
        value = value * 10 + at[i] - '0';
    }
    return value;
}

/* Days from 1970-01-01 to a date of the Gregorian calendar: Howard Hinnant, "chrono-Compatible Low-Level Date
 * Algorithms", days_from_civil. */
static int64_t days_since_epoch(int year, int month, int day) {
    year -= month <= 2;
    int64_t era = year / 400;
    int of_era = (int)(year - era * 400);
    int of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int days_in(int year, int month) {
    static const uint8_t length[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return length[month - 1] + (month == 2 && leap);
}

/* RFC 3339 with T, between 1990 and 2099, to whole milliseconds since the epoch; finer digits are cut off. */
static int time_of(span given, int64_t *ms) {
    text at = given.at, end = at + given.length;
    if (given.length < 20 || at[4] != '-' || at[7] != '-' || at[10] != 'T' || at[13] != ':' || at[16] != ':') return 0;
    int year = digits(at, 4), month = digits(at + 5, 2), day = digits(at + 8, 2);
    int hour = digits(at + 11, 2), minute = digits(at + 14, 2), second = digits(at + 17, 2);
    if (year < 1990 || year > 2099 || month < 1 || month > 12 || day < 1 || day > days_in(year, month)) return 0;
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return 0;
    int thousandths = 0;
    at += 19;
    if (*at == '.') {
        text first = ++at;
        for (int worth = 100; is_digit(at, end); at++, worth /= 10) thousandths += worth * (*at - '0');
        if (at == first) return 0;
    }
    int offset = 0;
    if (end - at == 6 && (*at == '+' || *at == '-') && at[3] == ':') {
        int hours = digits(at + 1, 2), minutes = digits(at + 4, 2);
        if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return 0;
        offset = (hours * 60 + minutes) * (*at == '-' ? -60000 : 60000);
    } else if (end - at != 1 || *at != 'Z') {
        return 0;
    }
    int64_t days = days_since_epoch(year, month, day);
    *ms = ((days * 24 + hour) * 60 + minute) * 60000 + second * 1000 + thousandths - offset;
    return *ms >= 631152000000 && *ms < 4102444800000; /* 1990-01-01, 2100-01-01 */
}

/* ---- one record */

enum state { MISSING, NONE, GIVEN };

typedef struct {
    span text[MOST_FIELDS];
    int64_t value[MOST_FIELDS];
    uint8_t state[MOST_FIELDS];
} payload;

static inline int is(span found, const char *name, int length) {
    return found.length == length && !memcmp(found.at, name, length);
}

static inline int same(span one, span other) {
    return one.length == other.length && equal(one.at, other.at, one.length);
}

static int fits(span value, const uint8_t *letters, int shortest, int longest) {
    if (value.length < shortest || value.length > longest) return 0;
    if (!letters) return 1;
    if (value.length && !(letters[*value.at] & 2)) return 0;
    for (int32_t i = 0; i < value.length; i++)
        if (!letters[value.at[i]]) return 0;
    return 1;
}

static text field_value(text at, text end, const field *which, payload *data, int place) {
    if (at >= end || data->state[place] != MISSING) return NULL;
    if (*at == 'n') {
        data->state[place] = NONE;
        return which->nullable ? word(at, end, "null", 4) : NULL;
    }
    data->state[place] = GIVEN;
    switch (which->rule) {
    case TEXT:
        at = string(at, end, &data->text[place]);
        if (!at || !fits(data->text[place], which->letters, which->shortest, which->longest)) return NULL;
        return which->no_controls && has_c1_control(data->text[place]) ? NULL : at;
    case FLAG:
        data->value[place] = *at == 't';
        return *at == 't' ? word(at, end, "true", 4) : word(at, end, "false", 5);
    case NUMBER: {
        int64_t units;
        if (*at == '"') {
            span written;
            if (!(at = string(at, end, &written))) return NULL;
            text stop = written.at + written.length;
            if (fixed(written.at, stop, &units) != stop) return NULL;
        } else if (!(at = fixed(at, end, &units))) {
            return NULL;
        }
        data->value[place] = units;
        return units >= which->low && units <= which->high ? at : NULL;
    }
    default: return NULL;
    }
}

static text members_of(text at, text end, const kind *type, payload *data) {
    memset(data->state, MISSING, type->field_count);
    if (at >= end || *at != '{') return NULL;
    at = blank(at + 1, end);
    if (at < end && *at == '}') return at + 1;
    int next = 0; /* senders write members in the same order each time, most often ours */
    for (;;) {
        span name;
        if (!(at = string(at, end, &name))) return NULL;
        at = blank(at, end);
        if (at >= end || *at != ':') return NULL;
        at = blank(at + 1, end);
        int place = -1;
        for (int tried = 0; tried < type->field_count; tried++) {
            if (next >= type->field_count) next = 0;
            if (same(name, type->fields[next].name)) {
                place = next++;
                break;
            }
            next++;
        }
        at = place < 0 ? skip(at, end, 1) : field_value(at, end, &type->fields[place], data, place);
        if (!at) return NULL;
        at = blank(at, end);
        if (at >= end) return NULL;
        if (*at == '}') return at + 1;
        if (*at != ',') return NULL;
        at = blank(at + 1, end);
    }
}

static int is_complete(const kind *type, const payload *data) {
    for (int i = 0; i < type->field_count; i++)
        if (type->fields[i].required && data->state[i] != GIVEN) return 0;
    for (int i = 0; i < type->need_count; i++)
        if (data->state[type->needs[2 * i]] == GIVEN && data->state[type->needs[2 * i + 1]] != GIVEN) return 0;
    return 1;
}

enum { SPECVERSION, ID, EVENT_SOURCE, EVENT_TYPE, TIME, EVENT_SUBJECT, CONTENT_TYPE, DATA_SCHEMA, DATA, ATTRIBUTES };

static int attribute_of(span name) {
    switch (name.length) {
    case 2: return is(name, "id", 2) ? ID : -1;
    case 4: return is(name, "time", 4) ? TIME : is(name, "type", 4) ? EVENT_TYPE : is(name, "data", 4) ? DATA : -1;
    case 6: return is(name, "source", 6) ? EVENT_SOURCE : -1;
    case 7: return is(name, "subject", 7) ? EVENT_SUBJECT : -1;
    case 10: return is(name, "dataschema", 10) ? DATA_SCHEMA : -1;
    case 11: return is(name, "specversion", 11) ? SPECVERSION : -1;
    case 15: return is(name, "datacontenttype", 15) ? CONTENT_TYPE : -1;
    default: return -1;
    }
}

static const kind *kind_of(const table *into, span name) {
    for (int i = 0; i < into->kind_count; i++)
        if (same(name, into->kinds[i].name)) return &into->kinds[i];
    return NULL;
}

/* A table as large as the batch would be spread over memory that no cache holds: few words get a small one. */
static void enlarge(column *into) {
    into->mask = 2 * into->mask + 1;
    memset(into->places, 0xff, 4 * ((size_t)into->mask + 1));
    for (int32_t code = 0; code < into->words; code++) {
        uint32_t at = into->word[code].hash & into->mask;
        while (into->places[at] >= 0) at = (at + 1) & into->mask;
        into->places[at] = code;
    }
}

/* Leaves the rows before ``row`` that had no value without one. */
static inline void fill(column *into, int32_t row) {
    for (; into->filled < row; into->filled++)
        if (into->rule == TEXT) into->codes[into->filled] = -1;
        else into->numbers[into->filled] = into->given[into->filled] = 0;
}

static void put_text(column *into, int32_t row, span value) {
    fill(into, row);
    int32_t code = row ? into->codes[row - 1] : -1;
    if (code < 0 || !same(into->word[code], value)) { /* often it is the word of the row before */
        value.hash = (uint32_t)XXH3_64bits(value.at, value.length);
        uint32_t at = value.hash & into->mask;
        while ((code = into->places[at]) >= 0 && !(into->word[code].hash == value.hash && same(into->word[code], value)))
            at = (at + 1) & into->mask;
        if (code < 0) {
            code = into->places[at] = into->words++;
            into->word[code] = value;
            if ((uint32_t)into->words > (into->mask + 1) / 2) enlarge(into);
        }
    }
    into->codes[row] = code;
    into->filled++;
    into->present++;
}

static void put_value(column *into, int32_t row, int64_t value) {
    fill(into, row);
    into->numbers[row] = value;
    into->given[row] = 1;
    into->filled++;
    into->present++;
}

static void put(table *into, const kind *type, const payload *data, const span *attributes, int64_t ms, int64_t place) {
    int32_t row = into->rows++;
    span id = attributes[ID], source = attributes[EVENT_SOURCE];
    put_text(&into->columns[SOURCE], row, source);
    put_text(&into->columns[TYPE], row, type->name);
    for (int i = 0; i < type->field_count; i++) {
        const field *one = &type->fields[i];
        if (one->column < 0) continue;
        column *to = &into->columns[one->column];
        if (one->rule == TEXT) {
            if (data->state[i] == GIVEN) put_text(to, row, data->text[i]);
            else if (i == type->other_source) put_text(to, row, source);
        } else if (data->state[i] == GIVEN) {
            put_value(to, row, data->value[i]);
        } else if (one->has_default) {
            put_value(to, row, one->otherwise);
        }
    }
    if (into->columns[EMPLOYEE].filled == row) put_text(&into->columns[EMPLOYEE], row, (span){id.at, 0});
    uint8_t identity[2 * 256 + 1];
    memcpy(identity, source.at, source.length);
    identity[source.length] = 0;
    memcpy(identity + source.length + 1, id.at, id.length);
    XXH128_canonical_t hash;
    XXH128_canonicalFromHash(&hash, XXH3_128bits(identity, source.length + 1 + id.length));
    memcpy(into->event_hashes + 16 * row, hash.digest, 16);
    span lineage = type->lineage < 0 ? id : data->text[type->lineage];
    into->partition_hashes[row] = XXH3_64bits(lineage.at, lineage.length);
    into->ids[row] = id;
    into->subjects[row] = attributes[EVENT_SUBJECT];
    into->times[row] = ms;
    into->taken[row] = place;
}

static void scan(text at, text end, table *into, int64_t place) {
    span attributes[ATTRIBUTES];
    uint8_t seen[ATTRIBUTES] = {0};
    const kind *type = NULL;
    payload data;
    text later = NULL; /* data that came before the type */
    memset(attributes, 0, sizeof attributes);
    attributes[EVENT_SUBJECT].at = at;
    if (end - at > into->max_bytes) return;
    at = blank(at, end);
    if (at >= end || *at != '{') return;
    at = blank(at + 1, end);
    for (;;) {
        span name;
        if (!(at = string(at, end, &name))) return;
        at = blank(at, end);
        if (at >= end || *at != ':') return;
        at = blank(at + 1, end);
        int which = attribute_of(name);
        if (which >= 0 && seen[which]++) return;
        if (which < 0) {
            at = skip(at, end, 0);
        } else if (which == DATA) {
            if (!type) later = at;
            at = type ? members_of(at, end, type, &data) : skip(at, end, 0);
        } else if (at < end && *at == 'n' && which >= EVENT_SUBJECT) {
            at = word(at, end, "null", 4);
        } else {
            at = string(at, end, &attributes[which]);
            if (at && attributes[which].length > into->longest) return;
            if (at && which == EVENT_TYPE && !(type = kind_of(into, attributes[which]))) return;
        }
        if (!at) return;
        at = blank(at, end);
        if (at >= end) return;
        if (*at == '}') break;
        if (*at != ',') return;
        at = blank(at + 1, end);
    }
    if (blank(at + 1, end) != end || !type || !seen[DATA]) return;
    if (later && !members_of(later, end, type, &data)) return;
    int64_t ms;
    if (!is(attributes[SPECVERSION], "1.0", 3) || !time_of(attributes[TIME], &ms)) return;
    for (int which = ID; which <= EVENT_SOURCE; which++)
        if (!fits(attributes[which], into->attribute, 1, into->longest) || has_c1_control(attributes[which])) return;
    if (is_complete(type, &data)) put(into, type, &data, attributes, ms, place);
}

/* Read ``count`` records, record i from address starts[i] to ends[i], into ``into``: its rows are the records taken, in
 * their order. */
void kpistream_scan(const text *starts, const text *ends, int64_t count, table *into) {
    for (int i = 0; i < into->column_count; i++)
        if (into->columns[i].rule == TEXT) {
            if (into->columns[i].mask >= FIRST_PLACES) into->columns[i].mask = FIRST_PLACES - 1;
            memset(into->columns[i].places, 0xff, 4 * ((size_t)into->columns[i].mask + 1));
        }
    for (int64_t i = 0; i < count; i++) scan(starts[i], ends[i], into, i);
    for (int i = 0; i < into->column_count; i++)
        if (into->columns[i].present) fill(&into->columns[i], into->rows);
}

/* Bytes of all of ``count`` spans. */
int64_t kpistream_size(const span *words, int64_t count) {
    int64_t size = 0;
    for (int64_t i = 0; i < count; i++) size += words[i].length;
    return size;
}

/* The spans one after the other, as Arrow keeps strings: ``offsets`` has one more than there are. */
void kpistream_gather(const span *words, int64_t count, int32_t *offsets, uint8_t *bytes) {
    int32_t size = 0;
    for (int64_t i = 0; i < count; i++) {
        offsets[i] = size;
        memcpy(bytes + size, words[i].at, words[i].length);
        size += words[i].length;
    }
    offsets[count] = size;
}
