/* Thousands of visitors: WebSocket clients that ask, read, and say how old what they read was.
 *
 *     load mode=MODE port=P[,P2...] n=N [name=value ...]
 *
 * mode=streams  each opens, asks once and reads its reply; measured for `seconds` once all have text
 * mode=direct   the same over plain HTTP from the upstream itself: what the rig adds of its own
 * mode=idle     each opens and says nothing more
 * mode=stuck    each opens, asks, and never reads again once its message is acknowledged
 *
 * rate=100      sockets opened a second; 0 is as many as can be, `flight` (100) at once
 * cookies=FILE  a Cookie header a line, used in turn      origin=URL  of the page
 * path=/ws/chat/   text=MESSAGE, a number is put behind it   warm=1 (s before the window)   seconds=8   patience=20 (s for what must come)
 * finish=0      1: wait until every reply is done          pids=A,B    whose CPU time the window counts
 * resumes=0     so many sockets are cut in the window and come back 0.2 s later, one after the other
 * nag_ms=0      stuck ones ask for their whole reply again so often      sources=1  addresses 127.0.0.1, .2, ...
 * rcvbuf=0      bytes of a socket's receive buffer         hold=0      1: wait for a line on stdin at each phase
 *
 * Writes a line of JSON at each phase; the last one has "phase": "end".
 */
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
static int poller, opened, acked, with_text, done, completed, failed, closed_by_server, in_flight, next_to_open, resumed;
static uint64_t tokens, frames, bytes, repeated;
static int completed, sent_again, to_send_again;
static char first_trouble[400];
static bool measuring, let_go;
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
    if (client->resumed) {
        note(&resuming, now - client->resumed);
        client->resumed = 0;
        resumed++;
    }
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
        client->seq = number_of(frame, "\"seq\":");
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

/* Serve the sockets for a moment, and open those whose time has come. */
static void turn(uint64_t opening_since) {
    static struct epoll_event events[1024];
    if (to_send_again) send_again(now_ns());
    if (opening_since) {
        double elapsed = (double)(now_ns() - opening_since) / 1e9;
        int due = want.rate > 0 ? (int)(elapsed * want.rate) + 1 : want.n;
        while (next_to_open < want.n && next_to_open < due && (want.rate > 0 || in_flight < want.flight)) dial(next_to_open++);
    }
    int ready = epoll_wait(poller, events, 1024, opening_since && next_to_open < want.n ? 1 : 10);
    for (int at = 0; at < ready; at++) {
        if (events[at].data.u32 != UINT32_MAX) {
            happened(&events[at]);
            continue;
        }
        char line[100];
        let_go = true;
        if (read(0, line, sizeof line) <= 0) epoll_ctl(poller, EPOLL_CTL_DEL, 0, NULL), want.hold = false;
    }
}

static void report(const char *phase, double window_s, double own_s, const double *cpu_s, double opening_s) {
    uint64_t least = UINT64_MAX, most = 0, read = 0;
    for (int at = 0; at < want.n; at++) {
        read += clients[at].tokens;
        if (clients[at].state != DONE) continue;
        if (clients[at].tokens < least) least = clients[at].tokens;
        if (clients[at].tokens > most) most = clients[at].tokens;
    }
    printf("{\"phase\": \"%s\", \"n\": %d, \"opened\": %d, \"acked\": %d, \"with_text\": %d, \"done\": %d, \"completed\": %d, \"failed\": %d, "
           "\"closed_by_server\": %d, \"resumed\": %d, \"sent_again\": %d, "
           "\"repeated\": %" PRIu64 ", \"trouble\": \"%s\", \"opening_s\": %.3f, ",
           phase, want.n, opened, acked, with_text, done, completed, failed, closed_by_server, resumed, sent_again, repeated, first_trouble, opening_s);
    printf("\"window_s\": %.3f, \"tokens\": %" PRIu64 ", \"frames\": %" PRIu64 ", \"bytes\": %" PRIu64
           ", \"read\": %" PRIu64 ", \"own_cpu_s\": %.3f, \"least_tokens\": %" PRIu64 ", \"most_tokens\": %" PRIu64 ", \"cpu_s\": {",
           window_s, tokens, frames, bytes, read, own_s, done ? least : 0, most);
    for (int at = 0; at < want.pid_count; at++) printf("%s\"%d\": %.3f", at ? ", " : "", want.pids[at], cpu_s ? cpu_s[at] : 0);
    printf("}, ");
    print_histogram(stdout, "open_ms", &opening), printf(", ");
    print_histogram(stdout, "ack_ms", &acking), printf(", ");
    print_histogram(stdout, "first_text_ms", &first_text), printf(", ");
    print_histogram(stdout, "delay_ms", &delays), printf(", ");
    print_histogram(stdout, "resume_ms", &resuming), printf("}\n");
    fflush(stdout);
}

static void hold(const char *phase, double opening_s) {
    if (!want.hold) return;
    let_go = false;
    report(phase, 0, 0, NULL, opening_s);
    while (!let_go && want.hold) turn(0);
}

static int busy(void) {
    return opened + failed < want.n;
}

static int waiting_for_text(void) {
    return with_text + failed < want.n;
}

static int unfinished(void) {
    return done + failed < want.n;
}

static int unacknowledged(void) {
    return acked + failed < want.n;
}

static void turn_while(int (*still)(void), double seconds, uint64_t opening_since) {
    uint64_t until = now_ns() + (uint64_t)(seconds * 1e9);
    while (still() && now_ns() < until) turn(opening_since);
}

static int away = -1; /* the socket that is cut at present */

static void bring_back(void) {
    clients[away].came_back = true;
    dial(away);
    away = -1;
}

/* Cut a reading socket, and bring the one back that was cut 0.2 s ago. */
static void cut_and_return(uint64_t now, uint64_t began) {
    static int cut;
    static uint64_t since;
    if (away >= 0 && now - since > 200 * MS) bring_back();
    uint64_t every = (uint64_t)(want.seconds * 1e9) / (uint64_t)(want.resumes + 1);
    if (away >= 0 || cut >= want.resumes || now - began < every * (uint64_t)(cut + 1)) return;
    Client *client = &clients[cut++ % want.n];
    if (client->state != READING) return;
    close(client->fd);
    client->fd = -1;
    client->state = AWAY;
    away = (int)(client - clients);
    since = now;
}

static void nag(uint64_t now) {
    for (int at = 0; at < want.n; at++) {
        Client *client = &clients[at];
        if (client->state != STUCK || client->fd < 0 || now - client->nagged < (uint64_t)(want.nag_ms * MS)) continue;
        client->nagged = now;
        ask_again(client, 0, 0);
    }
}

static void measure_window(double opening_s) {
    double before[32], after[32], own = own_cpu_s();
    for (int at = 0; at < want.pid_count; at++) before[at] = cpu_of(want.pids[at]);
    uint64_t began = now_ns(), until = began + (uint64_t)(want.seconds * 1e9), now;
    measuring = true;
    while ((now = now_ns()) < until) {
        turn(0);
        if (want.resumes) cut_and_return(now, began);
        if (want.nag_ms > 0) nag(now);
    }
    measuring = false;
    if (away >= 0) bring_back();
    double window_s = (double)(now - began) / 1e9;
    for (int at = 0; at < want.pid_count; at++) after[at] = cpu_of(want.pids[at]) - before[at];
    own = own_cpu_s() - own;
    hold("measured", opening_s);
    if (want.finish) turn_while(unfinished, want.patience, 0);
    report("end", window_s, own, after, opening_s);
}

static int never(void) {
    return 1;
}

int main(int argc, char **argv) {
    be_a_child();
    want.mode = argument(argc, argv, "mode", "streams");
    want.path = argument(argc, argv, "path", "/ws/chat/");
    want.origin = argument(argc, argv, "origin", "");
    want.text = argument(argc, argv, "text", "Hello?");
    want.n = (int)number(argc, argv, "n", 1);
    want.flight = (int)number(argc, argv, "flight", 100);
    want.sources = (int)number(argc, argv, "sources", 1);
    want.resumes = (int)number(argc, argv, "resumes", 0);
    want.rcvbuf = (int)number(argc, argv, "rcvbuf", 0);
    want.rate = number(argc, argv, "rate", 100);
    want.warm = number(argc, argv, "warm", 1);
    want.seconds = number(argc, argv, "seconds", 8);
    want.patience = number(argc, argv, "patience", 20);
    want.nag_ms = number(argc, argv, "nag_ms", 0);
    want.finish = number(argc, argv, "finish", 0) > 0;
    want.hold = number(argc, argv, "hold", 0) > 0;
    want.direct = !strcmp(want.mode, "direct");
    want.port_count = numbers(argument(argc, argv, "port", ""), want.ports, 16);
    want.pid_count = numbers(argument(argc, argv, "pids", ""), want.pids, 32);
    want.cookie_count = lines_of(argument(argc, argv, "cookies", ""), &want.cookies);
    if (!want.port_count || want.n < 1 || want.sources < 1 || want.flight < 1) {
        fprintf(stderr, "load mode=... port=... n=...; see the head of load.c\n");
        return 2;
    }
    clients = calloc((size_t)want.n, sizeof *clients);
    if (!clients) die("memory");
    for (int at = 0; at < want.n; at++) clients[at].fd = -1;
    poller = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = UINT32_MAX};
    if (want.hold) epoll_ctl(poller, EPOLL_CTL_ADD, 0, &event);
    uint64_t since = now_ns();
    double slowest = want.rate > 0 ? want.n / want.rate : want.n / 20.0;
    turn_while(busy, slowest + want.patience, since);
    double opening_s = (double)(now_ns() - since) / 1e9;
    hold("opened", opening_s);
    if (!strcmp(want.mode, "stuck")) {
        for (int at = 0; at < want.n; at++)
            if (clients[at].state == READING) ask(&clients[at]);
        turn_while(unacknowledged, want.patience, 0);
    } else if (strcmp(want.mode, "idle")) {
        turn_while(waiting_for_text, want.patience, 0);
        turn_while(never, want.warm, 0);
    }
    measure_window(opening_s);
    return 0;
}
