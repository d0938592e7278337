/* What the load generator knows of WebSocket frames, of the chat's JSON, and of the text in it. */
#ifndef WS_H
#define WS_H
#include "rig.h"

typedef struct {
    const char *at;
    size_t length;
} Slice;

typedef struct {
    char *data;
    size_t length, size;
} Buffer;

typedef struct {
    int opcode;
    Slice payload;
} WsFrame;

static inline void make_room(Buffer *buffer, size_t room) {
    if (buffer->size - buffer->length >= room) return;
    buffer->size = buffer->size * 2 + room;
    buffer->data = grown(buffer->data, buffer->size);
}

/* Write a client's frame; its mask is zero, which leaves the payload as it is. Return its length. */
static inline size_t ws_frame(char *to, int opcode, const char *payload, size_t length) {
    size_t at = 0;
    to[at++] = (char)(0x80 | opcode);
    if (length < 126) {
        to[at++] = (char)(0x80 | length);
    } else {
        to[at++] = (char)(0x80 | 126);
        to[at++] = (char)(length >> 8);
        to[at++] = (char)length;
    }
    memset(to + at, 0, 4);
    memcpy(to + at + 4, payload, length);
    return at + 4 + length;
}

/* Read one whole frame of a server; return its length, 0 while it is not whole. No server here fragments. */
static inline size_t ws_parse(const char *data, size_t available, WsFrame *frame) {
    const unsigned char *byte = (const unsigned char *)data;
    size_t head = 2;
    if (available < 2) return 0;
    uint64_t length = byte[1] & 0x7f;
    if (length == 126) {
        if (available < 4) return 0;
        length = (uint64_t)byte[2] << 8 | byte[3];
        head = 4;
    } else if (length == 127) {
        if (available < 10) return 0;
        length = 0;
        for (int at = 2; at < 10; at++) length = length << 8 | byte[at];
        head = 10;
    }
    if (available < head + length) return 0;
    frame->opcode = byte[0] & 0x0f;
    frame->payload = (Slice){data + head, length};
    return head + length;
}

static inline int ws_upgrade(char *to, size_t size, int port, const char *path, const char *origin, const char *cookie) {
    return snprintf(to, size,
                    "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
                    "Origin: %s\r\nCookie: %s\r\n\r\n",
                    path, port, origin, cookie);
}

static inline int http_ask(char *to, size_t size, int port) {
    static const char body[] = "{\"model\":\"rig-1\",\"stream\":true,\"messages\":[]}";
    return snprintf(to, size,
                    "POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\n"
                    "Content-Length: %zu\r\n\r\n%s",
                    port, sizeof body - 1, body);
}

/* The value behind a key: what stands between quotes, escapes and all; nothing when it is absent or null. */
static inline Slice string_of(const Slice *json, const char *key) {
    size_t length = strlen(key);
    const char *end = json->at + json->length, *at = memmem(json->at, json->length, key, length);
    if (!at) return (Slice){NULL, 0};
    at += length;
    while (at < end && *at == ' ') at++;
    if (at >= end || *at != '"') return (Slice){NULL, 0};
    const char *from = ++at;
    while (at < end && *at != '"') at += *at == '\\' ? 2 : 1;
    return (Slice){from, (size_t)((at < end ? at : end) - from)};
}

static inline void copy_string(const Slice *json, const char *key, char *to, size_t size) {
    Slice found = string_of(json, key);
    if (!found.at || found.length >= size) return;
    memcpy(to, found.at, found.length);
    to[found.length] = 0;
}

static inline long number_of(const Slice *json, const char *key) {
    const char *at = memmem(json->at, json->length, key, strlen(key));
    return at ? strtol(at + strlen(key), NULL, 10) : 0; /* a frame is followed by more of the buffer, or by }  */
}

static inline bool is(const Slice *slice, const char *word) {
    return slice->at && slice->length == strlen(word) && !memcmp(slice->at, word, slice->length);
}

/* What one stream's text has been read up to; a stamp may be cut by the end of a frame. */
typedef struct {
    int letters;
    uint64_t stamp;
    int matched; /* of the pattern that begins a token, in a plain HTTP stream */
    bool inside;
    bool escaped;
    int tail; /* of [DONE] */
} Reader;

typedef void Token(void *whose, uint64_t stamp, uint64_t now);

/* A stamp is a word of exactly four letters; anything else is ballast or Markdown. */
static inline void read_char(Reader *reader, char c, uint64_t now, Token *token, void *whose) {
    int digit = reader->escaped ? -1 : digit_of(c);
    reader->escaped = !reader->escaped && c == '\\';
    if (digit >= 0) {
        reader->stamp = reader->letters ? reader->stamp * 62 + (uint64_t)digit : (uint64_t)digit;
        reader->letters++;
        return;
    }
    if (reader->letters == STAMP_LETTERS) token(whose, reader->stamp, now);
    reader->letters = 0;
}

static inline void read_text(Reader *reader, const char *text, size_t length, uint64_t now, Token *token, void *whose) {
    for (size_t at = 0; at < length; at++) read_char(reader, text[at], now, token, whose);
}

/* Read the bytes of an upstream's own stream; return whether it is over. */
static inline bool read_stream(Reader *reader, const char *data, size_t length, uint64_t now, Token *token, void *whose) {
    static const char begins[] = "\"content\":\"", ends[] = "[DONE]";
    bool over = false;
    for (size_t at = 0; at < length; at++) {
        char c = data[at];
        if (reader->inside) {
            bool closing = c == '"' && !reader->escaped;
            read_char(reader, c, now, token, whose);
            if (closing) reader->inside = false, reader->matched = 0;
            continue;
        }
        reader->matched = c == begins[reader->matched] ? reader->matched + 1 : c == begins[0];
        if (!begins[reader->matched]) reader->inside = true, reader->matched = 0;
        reader->tail = c == ends[reader->tail] ? reader->tail + 1 : c == ends[0];
        if (!ends[reader->tail]) over = true, reader->tail = 0;
    }
    return over;
}

/* Seconds of CPU that a process has had, user and system; 0 when it is gone. */
static inline double cpu_of(int pid) {
    char path[64], line[1024];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "r");
    if (!file) return 0;
    size_t length = fread(line, 1, sizeof line - 1, file);
    fclose(file);
    line[length] = 0;
    unsigned long user = 0, system = 0;
    char *name_end = strrchr(line, ')');
    if (name_end) sscanf(name_end + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

static inline int numbers(const char *list, int *to, int most) {
    int count = 0;
    while (*list && count < most) {
        to[count++] = atoi(list);
        list += strcspn(list, ",");
        list += *list == ',';
    }
    return count;
}

/* Read a file of lines; without a name there are none. */
static inline int lines_of(const char *name, char ***to) {
    if (!*name) return 0;
    FILE *file = fopen(name, "r");
    if (!file) die(name);
    char line[4096];
    int count = 0;
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\r\n")] = 0;
        *to = grown(*to, sizeof **to * (size_t)(count + 1));
        (*to)[count++] = strdup(line);
    }
    fclose(file);
    return count;
}
#endif
