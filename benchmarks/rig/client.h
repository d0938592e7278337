/* One visitor of the load: what its socket says, and what is made of what it hears. Counts into the totals. */
#ifndef CLIENT_H
#define CLIENT_H
#include "ws.h"

typedef enum { ABSENT, CONNECTING, UPGRADING, OPENING, ASKED, READING, DONE, STUCK, FAILED, AWAY } State;

typedef struct {
    int fd;
    State state;
    uint64_t began, asked, resumed; /* ns */
    uint64_t nagged, ask_again_at;
    unsigned question;
    Buffer in;
    Reader reader;
    uint64_t tokens, last_stamp;
    bool seen_text, came_back;
    long seq, epoch;
    char conversation[40], reply[40];
} Client;

static struct {
    const char *mode, *path, *origin, *text;
    int n, flight, ports[16], port_count, sources, resumes, rcvbuf;
    double rate, warm, seconds, patience, nag_ms;
    bool finish, hold, direct;
    char **cookies;
    int cookie_count, pids[32], pid_count;
} want;

static Client *clients;
static int poller, opened, acked, with_text, done, completed, failed, closed_by_server, in_flight, resumed;
static uint64_t tokens, frames, bytes, repeated;
static int gaps, sent_again, to_send_again;
static char first_trouble[400];
static bool measuring;
static Histogram opening, acking, first_text, delays, resuming;

static void trouble(Client *client, const char *what, const char *detail, size_t length) {
    if (!first_trouble[0]) {
        snprintf(first_trouble, sizeof first_trouble, "%s: %.*s", what, (int)(length < 300 ? length : 300), detail);
        for (char *at = first_trouble; *at; at++)
            if (*at == '"' || *at == '\\' || (unsigned char)*at < ' ') *at = '\'';
    }
    if (client->state == CONNECTING || client->state == UPGRADING || client->state == OPENING) in_flight--;
    if (client->fd >= 0) close(client->fd);
    client->fd = -1;
    client->state = FAILED;
    failed++;
}

static void put(Client *client, const char *data, size_t length) {
    if (send(client->fd, data, length, MSG_NOSIGNAL) != (ssize_t)length && client->state != STUCK)
        trouble(client, "send", strerror(errno), strlen(strerror(errno)));
}

static void put_frame(Client *client, const char *json) {
    char frame[12000];
    put(client, frame, ws_frame(frame, 1, json, strlen(json)));
}

static void dial(int index) {
    Client *client = &clients[index];
    int yes = 1;
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (client->fd < 0) die("socket");
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK + (uint32_t)(index % want.sources))};
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)want.ports[index % want.port_count]),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    setsockopt(client->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
    setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (want.rcvbuf) setsockopt(client->fd, SOL_SOCKET, SO_RCVBUF, &want.rcvbuf, sizeof want.rcvbuf);
    if (bind(client->fd, (struct sockaddr *)&from, sizeof from)) die("bind");
    client->began = now_ns();
    client->state = CONNECTING;
    client->in.length = 0;
    in_flight++;
    struct epoll_event event = {.events = EPOLLOUT, .data.u32 = (uint32_t)index};
    epoll_ctl(poller, EPOLL_CTL_ADD, client->fd, &event);
    if (connect(client->fd, (struct sockaddr *)&to, sizeof to) && errno != EINPROGRESS)
        trouble(client, "connect", strerror(errno), strlen(strerror(errno)));
}

/* Connected: ask for the upgrade, or for the stream itself. */
static void greet(Client *client) {
    char request[12000];
    int index = (int)(client - clients), port = want.ports[index % want.port_count], length;
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)index};
    epoll_ctl(poller, EPOLL_CTL_MOD, client->fd, &event);
    if (want.direct) {
        client->asked = now_ns();
        client->state = ASKED;
        in_flight--, opened++;
        length = http_ask(request, sizeof request, port);
    } else {
        client->state = UPGRADING;
        length = ws_upgrade(request, sizeof request, port, want.path, want.origin,
                            want.cookie_count ? want.cookies[index % want.cookie_count] : "");
    }
    put(client, request, (size_t)length);
}

static void ask(Client *client) {
    char json[11000];
    static unsigned asked;
    if (!client->question) client->question = ++asked;
    unsigned number = client->question; /* the same when it is sent again: it is the same message */
    snprintf(json, sizeof json, "{\"type\":\"send\",\"client_message_id\":\"rig-%d-%u\",\"text\":\"%s (%u)\"}",
             getpid(), number, want.text, number);
    if (client->state != ASKED) client->asked = now_ns();
    client->state = ASKED;
    put_frame(client, json);
}

/* A message that the desk could not store just now is sent again after a second, as the page does. */
static void send_again(uint64_t now) {
    for (int at = 0; at < want.n && to_send_again; at++) {
        Client *client = &clients[at];
        if (!client->ask_again_at || now < client->ask_again_at) continue;
        client->ask_again_at = 0;
        to_send_again--;
        if (client->state == ASKED) ask(client), sent_again++;
    }
}

static void ask_again(Client *client, long epoch, long after) {
    char json[300];
    snprintf(json, sizeof json, "{\"type\":\"resume\",\"reply_id\":\"%s\",\"epoch\":%ld,\"after\":%ld}", client->reply, epoch, after);
    put_frame(client, json);
}

static void heard_open(Client *client, const Slice *frame) {
    uint64_t now = now_ns();
    in_flight--;
    copy_string(frame, "\"conversation_id\":", client->conversation, sizeof client->conversation);
    if (client->came_back) {
        client->state = READING;
        client->resumed = now;
        ask_again(client, client->epoch, client->seq);
        return;
    }
    opened++;
    note(&opening, now - client->began);
    client->state = OPENING; /* until it is told to ask */
    if (!strcmp(want.mode, "streams")) ask(client);
    else client->state = READING;
}

/* Called for every stamp in new text. */
static void heard_token(void *whose, uint64_t stamp, uint64_t now) {
    Client *client = whose;
    if (client->tokens && (stamp + STAMP_RANGE - client->last_stamp) % STAMP_RANGE > STAMP_RANGE / 2) repeated++;
    client->last_stamp = stamp;
    client->tokens++;
    if (!client->seen_text) {
        client->seen_text = true;
        with_text++;
        note(&first_text, now - client->asked);
    }
    if (!measuring) return;
    tokens++;
    note(&delays, age_of(stamp, now));
}

static void heard_old_token(void *whose, uint64_t stamp, uint64_t now) {
    (void)now;
    Client *client = whose;
    client->last_stamp = stamp;
    client->tokens++;
}

static void heard_text(Client *client, const Slice *frame, uint64_t now, bool old) {
    Slice text = string_of(frame, "\"text\":");
    if (!text.at) return;
    if (old) {
        client->tokens = 0;
        memset(&client->reader, 0, sizeof client->reader);
    }
    read_text(&client->reader, text.at, text.length, now, old ? heard_old_token : heard_token, client);
}

static void finish(Client *client, const Slice *frame) {
    Slice state = frame ? string_of(frame, "\"state\":") : (Slice){NULL, 0};
    completed += !state.at || is(&state, "completed");
    if (client->reader.letters) read_text(&client->reader, " ", 1, now_ns(), heard_token, client);
    client->state = DONE;
    done++;
}

static bool is_ours(const Client *client, const Slice *frame) {
    char reply[40] = "";
    copy_string(frame, "\"reply_id\":", reply, sizeof reply);
    return !client->reply[0] || !strcmp(reply, client->reply);
}

/* docs/protocol.md, Order: whether a frame is to be applied. What leaves a gap is asked for again. */
static bool is_next(Client *client, const Slice *frame, bool snapshot) {
    long seq = number_of(frame, "\"seq\":"), first = number_of(frame, "\"first\":");
    if (!snapshot && seq <= client->seq) return false;
    if (!snapshot && (first ? first : seq) > client->seq + 1) {
        gaps++;
        if (!client->resumed) ask_again(client, client->epoch, client->seq);
        return false;
    }
    if (snapshot) client->epoch = number_of(frame, "\"epoch\":");
    client->seq = seq;
    return true;
}

static void heard_again(Client *client, uint64_t now) {
    note(&resuming, now > client->resumed ? now - client->resumed : 0);
    client->resumed = 0;
    resumed++;
}

static void heard_ack(Client *client, const Slice *frame) {
    if (client->state != ASKED) return;
    acked++;
    note(&acking, now_ns() - client->asked);
    copy_string(frame, "\"reply_id\":", client->reply, sizeof client->reply);
    client->epoch = number_of(frame, "\"epoch\":");
    client->state = READING;
    if (strcmp(want.mode, "stuck")) return;
    client->state = STUCK;
    struct epoll_event event = {.events = 0, .data.u32 = (uint32_t)(client - clients)};
    epoll_ctl(poller, EPOLL_CTL_MOD, client->fd, &event);
}

static void heard_error(Client *client, const Slice *frame) {
    Slice code = string_of(frame, "\"code\":");
    if (client->state == ASKED && !client->ask_again_at && is(&code, "not_stored")) {
        client->ask_again_at = now_ns() + SECOND;
        to_send_again++;
        return;
    }
    trouble(client, "error", frame->at, frame->length);
}

static void heard_frame(Client *client, const Slice *frame, uint64_t now) {
    Slice type = string_of(frame, "\"type\":");
    frames += measuring;
    if (is(&type, "opened")) heard_open(client, frame);
    else if (is(&type, "ack")) heard_ack(client, frame);
    else if (is(&type, "error")) heard_error(client, frame);
    else if (is(&type, "delta") || is(&type, "snapshot") || is(&type, "block") || is(&type, "status") || is(&type, "done")) {
        if (!is_ours(client, frame)) return;
        if (is(&type, "done") && number_of(frame, "\"seq\":") <= client->seq) client->seq--; /* told once more */
        if (!is_next(client, frame, is(&type, "snapshot"))) return;
        if (client->resumed) heard_again(client, now);
        if (is(&type, "delta")) heard_text(client, frame, now, false);
        else if (is(&type, "snapshot")) heard_text(client, frame, now, true);
        else if (is(&type, "done") && client->state == READING) finish(client, frame);
    }
}

/* Work off what is in the buffer. */
static void understand(Client *client, uint64_t now) {
    size_t used = 0;
    if (client->state == UPGRADING) {
        char *end = memmem(client->in.data, client->in.length, "\r\n\r\n", 4);
        if (!end) return;
        if (memcmp(client->in.data, "HTTP/1.1 101", 12)) {
            trouble(client, "upgrade", client->in.data, client->in.length);
            return;
        }
        used = (size_t)(end + 4 - client->in.data);
        client->state = OPENING;
        char json[100];
        if (client->conversation[0]) snprintf(json, sizeof json, "{\"type\":\"open\",\"conversation_id\":\"%s\"}", client->conversation);
        else strcpy(json, "{\"type\":\"open\",\"conversation_id\":null}");
        put_frame(client, json);
    }
    WsFrame frame;
    size_t length;
    while (client->fd >= 0 && client->state != STUCK &&
           (length = ws_parse(client->in.data + used, client->in.length - used, &frame))) {
        used += length;
        if (frame.opcode == 1) heard_frame(client, &frame.payload, now);
        if (frame.opcode == 8) {
            closed_by_server++;
            if (client->state != DONE) trouble(client, "closed", frame.payload.at + 2, frame.payload.length > 2 ? frame.payload.length - 2 : 0);
        }
        if (frame.opcode == 9) {
            char pong[200];
            put(client, pong, ws_frame(pong, 10, frame.payload.at, frame.payload.length < 125 ? frame.payload.length : 125));
        }
    }
    client->in.length -= used;
    memmove(client->in.data, client->in.data + used, client->in.length);
}

static void understand_stream(Client *client, uint64_t now) {
    bool over = read_stream(&client->reader, client->in.data, client->in.length, now, heard_token, client);
    client->in.length = 0;
    if (client->state == ASKED && client->seen_text) client->state = READING, acked++;
    if (over && client->state == READING) finish(client, NULL);
}

static void hear(Client *client) {
    make_room(&client->in, 4096);
    ssize_t got = recv(client->fd, client->in.data + client->in.length, client->in.size - client->in.length, 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
        if (client->state != DONE) trouble(client, "cut", client->reply, strlen(client->reply));
        else close(client->fd), client->fd = -1;
        return;
    }
    if (measuring) bytes += (uint64_t)got;
    client->in.length += (size_t)got;
    if (want.direct) understand_stream(client, now_ns());
    else understand(client, now_ns());
}

static void happened(const struct epoll_event *event) {
    Client *client = &clients[event->data.u32];
    if (client->fd < 0) return;
    if (client->state == CONNECTING) {
        int error = 0;
        socklen_t length = sizeof error;
        getsockopt(client->fd, SOL_SOCKET, SO_ERROR, &error, &length);
        if (error) trouble(client, "connect", strerror(error), strlen(strerror(error)));
        else greet(client);
    } else if (client->state == STUCK) {
        closed_by_server++;
        close(client->fd);
        client->fd = -1;
    } else {
        hear(client);
    }
}
#endif
