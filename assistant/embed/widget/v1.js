/* The widget's loader: a button that opens the support desk's chat in a frame. Attributes, calls and events: docs/widget.md. */
(() => {
  "use strict";
  // Of the messages between this file and the frame.
  const V = 1;
  const script = document.currentScript;
  const before = window.SupportDesk;
  // A second copy of the snippet does nothing.
  if (!script || before?.open) return;
  const data = script.dataset;
  const DESK = new URL(script.src).origin;
  const KEPT = `supportdesk.${data.site}`;
  const PHONE = "(max-width:480px),(max-height:440px)";
  // A slow phone network brings the page in less.
  const LATE_MS = 15000;
  // The chat says hello while it loads: a page that has loaded and says nothing is none.
  const REFUSED_MS = 3000;
  const WORDS = {
    en: ["Chat", "Close chat", "{n} unread", "Loading the chat", "The chat could not be loaded.", "Try again"],
    de: ["Chat", "Chat schließen", "{n} ungelesen", "Der Chat wird geladen", "Der Chat konnte nicht geladen werden.", "Erneut versuchen"],
    fr: ["Chat", "Fermer le chat", "Non lus : {n}", "Chargement du chat", "Le chat n’a pas pu être chargé.", "Réessayer"],
    es: ["Chat", "Cerrar el chat", "{n} sin leer", "Cargando el chat", "No se ha podido cargar el chat.", "Reintentar"],
    pt: ["Chat", "Fechar o chat", "Por ler: {n}", "A carregar o chat", "Não foi possível carregar o chat.", "Tentar de novo"],
    ja: ["チャット", "チャットを閉じる", "未読{n}件", "チャットを読み込んでいます", "チャットを読み込めませんでした。", "再試行"],
  };
  const warn = (text) => console.warn(`[support desk] ${text}`);

  const heard = {};
  const events = ["ready", "open", "close", "unread", "message", "identity", "gone"];
  let stands, isOpen, isGone, watcher, frame, port, timer, back, kept, token, signed, words, address;
  let unread = 0;
  let host, panel, wait, launcher, text, badge;

  const emit = (event, detail = {}) => {
    for (const call of heard[event] ?? []) {
      try {
        call(detail);
      } catch (error) {
        // The host's own mistake belongs on its console, and stops nothing here.
        setTimeout(() => { throw error; });
      }
    }
  };
  const api = {
    version: V,
    open: () => (stands ? show(true) : (kept = "open")),
    close: () => (stands ? hide() : (kept = "")),
    identify(value) {
      token = value;
      signed = true;
      tell();
    },
    on(event, call) {
      if (!events.includes(event) || typeof call !== "function") throw new TypeError(`on() takes one of ${events} and a function`);
      (heard[event] ??= new Set()).add(call);
      if (event === "ready" && stands) call({});
      return () => heard[event].delete(call);
    },
    push: ([name, ...rest]) => (["open", "close", "identify", "on"].includes(name) ? api[name](...rest) : warn(`there is no ${name}()`)),
  };
  window.SupportDesk = api;
  if (Array.isArray(before)) for (const call of before) api.push(call);

  // -- what stands on the page ---------------------------------------------------------------------

  const make = (tag, name, parent, attributes = {}) => {
    const node = document.createElement(tag);
    node.className = name;
    for (const key in attributes) node.setAttribute(key, attributes[key]);
    parent.append(node);
    return node;
  };

  /** Black or white, whichever can be read on a colour (WCAG 2.2: 4.5 to 1). */
  const on = (colour) => {
    const [red, green, blue] = [1, 3, 5].map((at) => {
      const part = parseInt(colour.slice(at, at + 2), 16) / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.1833 ? "#000" : "#fff";
  };

  const icon = (parent, path) => {
    const made = (tag, into, attributes) => {
      const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
      for (const key in attributes) node.setAttribute(key, attributes[key]);
      into.append(node);
      return node;
    };
    const svg = made("svg", parent, { viewBox: "0 0 24 24", "aria-hidden": "true" });
    for (const d of path) made("path", svg, { d });
  };

  // The panel is visible from the first moment of its opening: Firefox focuses nothing in what a transition still hides.
  const CSS = (accent, side) => `
    :host{color-scheme:light dark}
    *{box-sizing:border-box;font:500 15px/1.3 system-ui,sans-serif}
    .launcher,.panel{position:fixed;z-index:2147483000;${side}:max(20px,env(safe-area-inset-${side}))}
    .launcher{bottom:max(20px,env(safe-area-inset-bottom));display:flex;align-items:center;gap:10px;min-width:56px;min-height:56px;max-width:calc(100vw - 40px);margin:0;padding:0 16px;border:1px solid #ffffff59;border-radius:28px;background:${accent};color:${on(accent)};box-shadow:0 2px 6px #0003,0 8px 28px #0004;cursor:pointer;transition:transform .15s}
    .launcher:hover{transform:translateY(-2px)}
    button:focus-visible{outline:3px solid #fff;outline-offset:0;box-shadow:0 0 0 6px #14191b}
    svg{width:24px;height:24px;flex:none;fill:none;stroke:currentColor;stroke-width:2;stroke-linecap:round;stroke-linejoin:round}
    .launcher svg+svg,.open svg{display:none}.open svg+svg{display:block}
    .text{overflow:hidden;text-overflow:ellipsis;white-space:nowrap;padding-inline-end:6px}.text:empty{display:none}
    .badge{position:absolute;top:-6px;inset-inline-end:-4px;min-width:24px;padding:2px 6px;border:2px solid #fff;border-radius:14px;background:#b3261e;color:#fff;font:700 13px/1.2 system-ui,sans-serif;text-align:center}
    .badge:empty{display:none}
    .panel{bottom:calc(max(20px,env(safe-area-inset-bottom)) + 70px);width:min(410px,100vw - 40px);height:min(700px,100vh - 112px);height:min(700px,100dvh - 112px);overflow:hidden;border-radius:18px;background:Canvas;color:CanvasText;box-shadow:0 0 0 1px #8883,0 8px 16px #0002,0 22px 64px #0005;transform-origin:bottom ${side};transition:opacity .16s,transform .16s}
    .panel:not(.open){visibility:hidden;opacity:0;transform:translateY(12px) scale(.98);transition:opacity .16s,transform .16s,visibility 0s .16s}
    iframe{position:absolute;inset:0;width:100%;height:100%;border:0;visibility:hidden}
    .here iframe{visibility:inherit}.here .wait{visibility:hidden}
    .wait{position:absolute;inset:0;display:flex;flex-direction:column;align-items:center;justify-content:center;gap:14px;padding:24px;text-align:center}
    .wait p{margin:0}.wait button{min-width:48px;min-height:48px;padding:0 18px;border:1px solid;border-radius:24px;background:none;color:inherit;cursor:pointer}
    [hidden]{display:none!important}
    @media ${PHONE}{.panel{inset:0;width:100%;height:100vh;height:100dvh;border-radius:0}.launcher.open{visibility:hidden}.text{display:none}}
    @media (prefers-reduced-motion:reduce){*{transition:none!important}.launcher:hover{transform:none}}
    @media (forced-colors:active){.launcher,.panel{border:1px solid}button:focus-visible{outline-color:Highlight}}
    @media print{*{display:none!important}}`;

  const build = (look) => {
    const given = /^#[0-9a-f]{6}$/i;
    if (data.accent && !given.test(data.accent)) warn(`data-accent must be a colour such as #0a6e5c, not ${data.accent}`);
    const accent = [data.accent, look.accent].find((colour) => given.test(colour)) ?? "#0d6857";
    const side = (data.position ?? look.position) === "left" ? "left" : "right";
    const scheme = ["light", "dark"].includes(data.colorScheme) ? data.colorScheme : "";
    const language = (data.language || look.language || navigator.language).slice(0, 2).toLowerCase();
    words = WORDS[language] ?? WORDS.en;

    host = make("support-desk", "", document.body);
    // Nothing of the page's own style may reach in, and these win over its rules, "important" or not.
    host.style.cssText = `all:initial!important;display:contents!important;color-scheme:${scheme || "light dark"}!important`;
    const root = host.attachShadow({ mode: "open" });
    // Not a style element: a strict policy refuses those.
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(CSS(accent, side));
    root.adoptedStyleSheets = [sheet];
    launcher = make("button", "launcher", root, { type: "button", "aria-expanded": "false" });
    icon(launcher, ["M20 11.5a7.5 7.5 0 0 1-10.9 6.7L4 20l1.8-4.6A7.5 7.5 0 1 1 20 11.5z"]);
    icon(launcher, ["M6 9l6 6 6-6"]);
    text = make("span", "text", launcher, { dir: "auto" });
    text.textContent = data.label ?? look.labels?.[language] ?? look.label;
    badge = make("span", "badge", launcher);
    panel = make("div", "panel", root, { role: "dialog" });
    panel.setAttribute("aria-label", text.textContent || words[0]);
    wait = make("div", "wait", panel);
    make("p", "", wait, { role: "status" });
    const again = make("button", "", wait, { type: "button" });
    const shut = make("button", "", wait, { type: "button" });
    again.textContent = words[5];
    shut.textContent = words[1];
    launcher.addEventListener("click", () => (isOpen ? hide() : show(true)));
    again.addEventListener("click", load);
    shut.addEventListener("click", hide);
    root.addEventListener("keydown", (event) => event.key === "Escape" && hide());
    const query = new URLSearchParams();
    for (const [name, value] of Object.entries({ lang: data.language, scheme, accent: data.accent && accent })) if (value) query.set(name, value);
    address = `${DESK}/embed/${encodeURIComponent(data.site)}/?${query}`;
    stands = true;
    mark();
    emit("ready");
    // Whoever has used the chat in this tab gets the frame without asking, for the unread mark; all others cost the desk nothing.
    if (kept === "open") show(false);
    else if (kept) (window.requestIdleCallback ?? setTimeout)(() => frame || load());
  };

  /** Show what the launcher knows: whether the chat is open, and how much of it is unread. */
  const mark = () => {
    const name = text.textContent || words[0];
    launcher.setAttribute("aria-label", unread ? `${name}, ${words[2].replace("{n}", unread)}` : name);
    launcher.setAttribute("aria-expanded", String(!!isOpen));
    launcher.classList.toggle("open", !!isOpen);
    panel.classList.toggle("open", !!isOpen);
    badge.textContent = unread > 9 ? "9+" : unread || "";
  };

  const keep = (value) => {
    try {
      sessionStorage.setItem(KEPT, value);
    } catch {
      // The page's storage is switched off: each page begins closed.
    }
  };

  // -- opening and closing -------------------------------------------------------------------------

  const scrolls = (yes) => {
    const { style } = document.documentElement;
    watcher?.destroy();
    if (yes) style.overflow = "";
    else if (matchMedia(PHONE).matches) {
      style.overflow = "hidden";
      // A phone's Back closes the chat and does not leave the page; the frame listens too, for when the focus is in it.
      if (window.CloseWatcher) (watcher = new CloseWatcher()).onclose = hide;
    }
  };

  function show(byHand) {
    if (isOpen) return;
    isOpen = true;
    back = document.activeElement;
    if (!frame) load();
    unread = 0;
    mark();
    scrolls(false);
    keep("open");
    if (byHand) focus();
    send("shown", { focus: byHand });
    emit("open");
  }

  function hide() {
    if (!isOpen) return;
    isOpen = false;
    const inside = document.activeElement === host;
    mark();
    scrolls(true);
    keep("used");
    send("hidden");
    if (inside) (back?.isConnected && back !== document.body && back !== host ? back : launcher).focus();
    emit("close");
    if (isGone) gone();
  }

  /** The desk shows no chat on this page any more: the button goes, an open chat with its words once it is closed. */
  function gone() {
    if (!isGone) emit("gone");
    isGone = true;
    if (isOpen) return;
    stands = false;
    keep("");
    host.remove();
  }

  const focus = () => (panel.classList.contains("here") ? frame : wait.lastChild).focus({ preventScroll: true });

  // -- the frame -----------------------------------------------------------------------------------

  const late = () => {
    wait.firstChild.textContent = words[4];
    wait.children[1].hidden = false;
    ask("reload").then(({ refused }) => refused && gone());
  };

  function load() {
    frame?.remove();
    port?.close();
    port = null;
    panel.classList.remove("here");
    wait.firstChild.textContent = words[3];
    wait.children[1].hidden = true;
    frame = make("iframe", "", panel, { title: panel.getAttribute("aria-label"), allow: "clipboard-write", referrerpolicy: "strict-origin" });
    frame.src = address;
    const expect = (ms) => {
      clearTimeout(timer);
      timer = setTimeout(() => port || late(), ms);
    };
    frame.addEventListener("load", () => expect(REFUSED_MS));
    expect(LATE_MS);
  }

  // Once: a token is good for one use, and what it proved is kept in the frame.
  const tell = () => {
    if (signed && port) send("identity", { token });
    signed &&= !port;
  };
  const send = (type, more) => port?.postMessage({ desk: V, type, ...more });

  // Only the frame's own window, only from the desk's own origin; all else goes over a channel that nobody else holds.
  window.addEventListener("message", ({ source, origin, data: said }) => {
    if (!frame || source !== frame.contentWindow || origin !== DESK || said?.desk !== V || said.type !== "hello") return;
    port?.close();
    const channel = new MessageChannel();
    port = channel.port1;
    port.onmessage = (event) => receive(event.data);
    source.postMessage({ desk: V, type: "connect", open: !!isOpen }, DESK, [channel.port2]);
    tell();
  });

  const receive = (said) => {
    if (said?.desk !== V) return;
    if (said.type === "ready") {
      const inside = isOpen && document.activeElement === host;
      panel.classList.add("here");
      if (inside) {
        focus();
        send("shown", { focus: true });
      }
    } else if (said.type === "close") hide();
    else if (said.type === "gone") gone();
    else if (said.type === "unread" && Number.isInteger(said.count)) {
      unread = said.count;
      mark();
      emit("unread", { count: unread });
    } else if (said.type === "message") emit("message");
    else if (said.type === "identity") emit("identity", { ok: said.ok === true, reason: String(said.reason ?? "") });
  };

  // -- begin ---------------------------------------------------------------------------------------

  if (!data.site) {
    warn("data-site is missing: the key of this site");
    return;
  }
  // Before Chrome 73, Firefox 101 and Safari 16.4 there is no style that a strict policy lets in.
  if (!document.adoptedStyleSheets) {
    warn("this browser is too old");
    return;
  }
  try {
    kept ??= sessionStorage.getItem(KEPT);
    // A page must not be covered before it was seen.
    if (kept === "open" && matchMedia(PHONE).matches) kept = "used";
  } catch {
    // as in keep()
  }
  // The page's policy has no connect-src for the desk, or the desk is away: attributes do.
  const ask = (cache) =>
    fetch(`${DESK}/widget/look/${encodeURIComponent(data.site)}.json`, { credentials: "omit", cache })
      .then((answer) => answer.json())
      .catch(() => ({}));
  const body = new Promise((done) => (document.body ? done() : document.addEventListener("DOMContentLoaded", done)));
  ask().then((look) => (look.refused ? warn(`no chat on ${location.origin}: ${look.refused}`) : body.then(() => build(look))));
})();
