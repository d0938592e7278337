/* A model that costs next to nothing: an HTTP/1.1 server that streams tokens on the OpenAI wire.
 *
 *     upstream port=PORT [pace=50] [first_ms=100] [tokens=900] [pad=0]
 *
 * POST .../chat/completions   a stream of `tokens` stamps (rig.h), `pace` a second, the first after `first_ms`;
 *                             every 16th is bold and a paragraph has 48; `pad` letters of ballast a token
 * POST /_control?pace=..&...  sets any of the four for later streams, and counts anew
 * POST /_end                  ends the running streams, each in the orderly way at its next token
 * GET  /_stats                what was sent, how late behind its time, and this program's own CPU time
 * GET  .../models             one model, rig-1
 *
 * One thread; a wheel of milliseconds holds the streams. A reader that does not read gets no further tokens
 * until it does; those moments are counted as `blocked`.
 */
#include "rig.h"

#define SLOTS 4096 /* of 1 ms; a stream that is due later waits in the last one */
#define OUT 4096
#define BOLD_EVERY 16
#define PARAGRAPH 48

typedef struct Stream {
    struct Stream *next, *before; /* in its slot of the wheel */
    uint64_t due, began;
    int fd;
    bool streaming;
    uint32_t sent, tokens, pad;
    double gap_ns;
    char *in;
    size_t in_length, in_size;
    char out[OUT]; /* what the kernel did not take */
    size_t out_length;
    char model[100];
} Stream;

static struct { double pace, first_ms, tokens, pad; } order = {50, 100, 900, 0};
static struct { uint64_t requests, tokens, ended, left, blocked; int active; } did;
static Histogram late;
static Stream wheel[SLOTS]; /* heads of rings */
static uint64_t ended_all_at;
static uint64_t turned; /* the last ms that was worked off */
static int poller;

static void park(Stream *stream) {
    uint64_t ms = (stream->due + MS - 1) / MS;
    if (ms <= turned) ms = turned + 1;
    if (ms >= turned + SLOTS) ms = turned + SLOTS - 1;
    Stream *head = &wheel[ms % SLOTS];
    stream->next = head;
    stream->before = head->before;
    head->before->next = stream;
    head->before = stream;
}

static void unpark(Stream *stream) {
    if (!stream->next) return;
    stream->next->before = stream->before;
    stream->before->next = stream->next;
    stream->next = stream->before = NULL;
}

static void hang_up(Stream *stream) {
    unpark(stream);
    if (stream->streaming) did.active--, did.left++;
    close(stream->fd);
    free(stream->in);
    free(stream);
}

static void want(Stream *stream, uint32_t events) {
    struct epoll_event event = {.events = events | EPOLLIN | EPOLLRDHUP, .data.ptr = stream};
    epoll_ctl(poller, EPOLL_CTL_MOD, stream->fd, &event);
}

/* Send, keep what the kernel does not take. */
static void say(Stream *stream, const char *what, size_t length) {
    ssize_t taken = stream->out_length ? 0 : send(stream->fd, what, length, MSG_NOSIGNAL);
    if (taken < 0) taken = 0; /* a dead connection is noticed by its next event */
    if ((size_t)taken == length) return;
    did.blocked++;
    size_t rest = length - (size_t)taken;
    if (stream->out_length + rest > OUT) rest = OUT - stream->out_length;
    memcpy(stream->out + stream->out_length, what + taken, rest);
    stream->out_length += rest;
    want(stream, EPOLLOUT);
}

/* Append an event as one HTTP chunk and return where it ends. */
static char *chunk(char *to, const char *data, size_t length) {
    to += sprintf(to, "%zx\r\n", length);
    memcpy(to, data, length);
    memcpy(to + length, "\r\n", 2);
    return to + length + 2;
}

static size_t event(char *to, const Stream *stream, const char *delta, const char *rest) {
    return (size_t)sprintf(to,
                           "data: {\"id\":\"rig\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"%s\","
                           "\"choices\":[{\"index\":0,\"delta\":{%s},\"finish_reason\":%s}]}\n\n",
                           stream->model, delta, rest);
}

static void say_token(Stream *stream) {
    char delta[1200], data[1600], frame[1800], stamp[STAMP_LETTERS + 1] = {0};
    char ballast[1001];
    memset(ballast, 'x', stream->pad);
    ballast[stream->pad] = 0;
    uint32_t at = ++stream->sent;
    put_stamp(stamp, now_ns());
    const char *mark = at % BOLD_EVERY == 0 ? "**" : "";
    const char *after = at % PARAGRAPH == 0 ? ".\\n\\n" : " ";
    sprintf(delta, "\"content\":\"%s%s%s%s%s%s\"", mark, stamp, mark, stream->pad ? " " : "", ballast, after);
    size_t length = event(data, stream, delta, "null");
    say(stream, frame, (size_t)(chunk(frame, data, length) - frame));
    did.tokens++;
}

static void say_end(Stream *stream) {
    char data[1000], frame[2000], *to = frame;
    to = chunk(to, data, event(data, stream, "", "\"stop\""));
    int length = sprintf(data,
                         "data: {\"id\":\"rig\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"%s\","
                         "\"choices\":[],\"usage\":{\"prompt_tokens\":700,\"completion_tokens\":%u,\"total_tokens\":%u}}\n\n",
                         stream->model, stream->sent, 700 + stream->sent);
    to = chunk(to, data, (size_t)length);
    to = chunk(to, "data: [DONE]\n\n", 14);
    to += sprintf(to, "0\r\n\r\n");
    say(stream, frame, (size_t)(to - frame));
    stream->streaming = false;
    did.active--;
    did.ended++;
}

static void go_on(Stream *stream, uint64_t now) {
    if (stream->out_length) { /* blocked: look again when it is the next token's time */
        stream->due = now + (uint64_t)stream->gap_ns;
        park(stream);
        return;
    }
    if (stream->sent < stream->tokens && stream->began > ended_all_at) {
        note(&late, now > stream->due ? now - stream->due : 0);
        say_token(stream);
        stream->due += (uint64_t)stream->gap_ns;
        park(stream);
    } else {
        say_end(stream);
    }
}

static void turn_wheel(void) {
    uint64_t now = now_ns();
    while (turned < now / MS) {
        Stream *head = &wheel[++turned % SLOTS];
        Stream *stream = head->next;
        Stream ring = *head; /* taken out as a whole, as streams are parked again meanwhile */
        if (stream == head) continue;
        head->next = head->before = head;
        ring.before->next = NULL;
        while (stream) {
            Stream *following = stream->next;
            stream->next = stream->before = NULL;
            if (stream->due > now + MS) park(stream);
            else go_on(stream, now_ns());
            stream = following;
        }
    }
}

static void begin(Stream *stream, const char *body) {
    static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
    char data[600], frame[2000], *to = frame;
    const char *model = strstr(body, "\"model\":");
    strcpy(stream->model, "rig-1");
    if (model) sscanf(model, "\"model\": \"%99[^\"]", stream->model); /* a blank stands for none as well */
    stream->tokens = (uint32_t)order.tokens;
    stream->pad = order.pad > 1000 ? 1000 : (uint32_t)order.pad;
    stream->gap_ns = 1e9 / order.pace;
    stream->sent = 0;
    stream->streaming = true;
    did.requests++, did.active++;
    memcpy(to, head, sizeof head - 1);
    to = chunk(to + sizeof head - 1, data, event(data, stream, "\"role\":\"assistant\",\"content\":\"\"", "null"));
    say(stream, frame, (size_t)(to - frame));
    stream->began = now_ns();
    stream->due = stream->began + (uint64_t)(order.first_ms * MS);
    park(stream);
}

static void answer(Stream *stream, const char *body) {
    char frame[1200];
    int length = snprintf(frame, sizeof frame,
                          "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
                          strlen(body), body);
    say(stream, frame, (size_t)length);
}

static void control(const char *query) {
    struct { const char *name; double *value; } known[] = {
        {"pace=", &order.pace}, {"first_ms=", &order.first_ms}, {"tokens=", &order.tokens}, {"pad=", &order.pad}};
    for (size_t at = 0; at < sizeof known / sizeof *known; at++) {
        const char *found = strstr(query, known[at].name);
        if (found) *known[at].value = atof(found + strlen(known[at].name));
    }
    int active = did.active;
    memset(&late, 0, sizeof late);
    memset(&did, 0, sizeof did);
    did.active = active;
}

static void tell(Stream *stream) {
    char body[900];
    snprintf(body, sizeof body,
             "{\"requests\": %" PRIu64 ", \"active\": %d, \"tokens\": %" PRIu64 ", \"ended\": %" PRIu64
             ", \"left\": %" PRIu64 ", \"blocked\": %" PRIu64
             ", \"late_ms\": {\"p50\": %.1f, \"p99\": %.1f, \"max\": %.1f}, \"cpu_s\": %.3f}",
             did.requests, did.active, did.tokens, did.ended, did.left, did.blocked, share_ms(&late, 0.5),
             share_ms(&late, 0.99), (double)late.most / MS, own_cpu_s());
    answer(stream, body);
}

/* Act on the request in the buffer when it is whole; return whether there was one. */
static bool request(Stream *stream) {
    char *end = strstr(stream->in, "\r\n\r\n");
    if (!end || stream->streaming) return false;
    const char *told = strcasestr(stream->in, "\r\ncontent-length:");
    size_t body = told && told < end ? strtoul(told + 17, NULL, 10) : 0;
    size_t whole = (size_t)(end + 4 - stream->in) + body;
    if (stream->in_length < whole) return false;
    char kept = stream->in[whole];
    stream->in[whole] = 0;
    char *line = strchr(stream->in, '\r');
    *line = 0;
    if (strstr(stream->in, "/_control")) control(stream->in), answer(stream, "{}");
    else if (strstr(stream->in, "/_stats")) tell(stream);
    else if (strstr(stream->in, "/_end")) ended_all_at = now_ns(), answer(stream, "{}");
    else if (!strncmp(stream->in, "POST ", 5)) begin(stream, end + 4);
    else answer(stream, "{\"object\": \"list\", \"data\": [{\"id\": \"rig-1\", \"object\": \"model\"}]}");
    stream->in[whole] = kept;
    stream->in_length -= whole;
    memmove(stream->in, stream->in + whole, stream->in_length + 1);
    return true;
}

/* Read what came; return false when the other side has gone. */
static bool hear(Stream *stream) {
    for (;;) {
        if (stream->in_size < stream->in_length + 8192)
            stream->in = grown(stream->in, stream->in_size = stream->in_length * 2 + 16384);
        ssize_t got = recv(stream->fd, stream->in + stream->in_length, stream->in_size - stream->in_length - 1, 0);
        if (got == 0) return false;
        if (got < 0) {
            if (errno != EAGAIN) return false;
            break;
        }
        stream->in_length += (size_t)got;
        stream->in[stream->in_length] = 0;
    }
    while (stream->in_length && request(stream)) continue;
    return true;
}

static void flush_out(Stream *stream) {
    ssize_t taken = send(stream->fd, stream->out, stream->out_length, MSG_NOSIGNAL);
    if (taken <= 0) return;
    stream->out_length -= (size_t)taken;
    memmove(stream->out, stream->out + taken, stream->out_length);
    if (!stream->out_length) want(stream, 0);
}

static void welcome(int listener) {
    int fd, yes = 1;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        Stream *stream = calloc(1, sizeof *stream);
        if (!stream) die("memory");
        stream->fd = fd;
        struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.ptr = stream};
        epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
    }
}

static int listen_on(int port) {
    int yes = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096)) die("listen");
    return listener;
}

int main(int argc, char **argv) {
    be_a_child();
    order.pace = number(argc, argv, "pace", order.pace);
    order.first_ms = number(argc, argv, "first_ms", order.first_ms);
    order.tokens = number(argc, argv, "tokens", order.tokens);
    order.pad = number(argc, argv, "pad", order.pad);
    for (int at = 0; at < SLOTS; at++) wheel[at].next = wheel[at].before = &wheel[at];
    poller = epoll_create1(EPOLL_CLOEXEC);
    int listener = listen_on((int)number(argc, argv, "port", 0));
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL}, events[512];
    epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);
    turned = now_ns() / MS;
    for (;;) {
        int ready = epoll_wait(poller, events, 512, did.active ? 1 : 1000);
        for (int at = 0; at < ready; at++) {
            Stream *stream = events[at].data.ptr;
            if (!stream) {
                welcome(listener);
                continue;
            }
            if (events[at].events & EPOLLOUT) flush_out(stream);
            if (events[at].events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR) && !hear(stream)) hang_up(stream);
        }
        turn_wheel();
    }
}
