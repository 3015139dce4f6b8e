// Pre-boot: lets the user read, write and send before the WebAssembly has loaded. It is small and inlined into the document.
// The app sends everything again under the same command ids, which changes nothing for what has arrived.
{
  const form = document.querySelector(".composer-form");
  const field = form.elements.body;
  const rows = document.querySelector(".rows");
  const problem = document.getElementById("message-problem");
  const language = document.documentElement.lang;
  const { me, welcome, open_conversation: open, message_preferences: preferences } = JSON.parse(document.body.dataset.initialState);
  const conversation = open.conversation;
  // The user's clock may be wrong, so time is counted from the server's, which the document has from when it was made.
  const clockOffset = welcome.at + performance.now() - Date.now();
  const now = () => Math.round(Date.now() + clockOffset);

  // A browser may refuse storage to a page, or be out of space. Then a note says so once, and everything else works.
  const withStorage = (action) => {
    try {
      return action(sessionStorage);
    } catch {
      if (document.body.hasAttribute("data-not-kept")) return;
      document.body.dataset.notKept = "";
      const note = document.createElement("p");
      note.className = "banner small";
      note.role = "status";
      note.textContent = form.dataset.notKept;
      document.querySelector(".banners").append(note);
    }
  };
  // What is kept for a reload and for the app. Without support for WebAssembly nothing is kept: the browser sends the form by
  // itself, and the server returns the text of a refused message.
  const load = (name) => window.WebAssembly && withStorage((storage) => storage.getItem(name));
  const save = (name, text) => window.WebAssembly && withStorage((storage) => storage.setItem(name, text));
  // The key of the message that the draft replies to.
  const replyKey = `${conversation} reply`;
  if (load("user") !== me.id) withStorage((storage) => storage.clear());
  save("user", me.id);
  const sent = JSON.parse(load("early") || "[]");

  const scrollToEnd = () => (rows.parentNode.scrollTop = rows.parentNode.scrollHeight);

  // The server does not know the user's time zone, so times and days are rendered again.
  const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const showTime = (time) => (time.textContent = clock.format(new Date(time.dateTime)));
  const today = new Date(now()).toDateString();
  const showDay = (day, time) => {
    const at = new Date(time.dateTime);
    day.textContent =
      at.toDateString() === today
        ? form.dataset.today
        : at.toLocaleDateString(language, { weekday: "long", month: "long", day: "numeric" });
  };
  let day;
  for (const row of rows.children) {
    const time = row.querySelector("time.at");
    if (time) showTime(time);
    if (day && time) showDay(day, time);
    day = row.matches(".day:not(.new)") ? row.firstChild : time ? null : day;
  }

  // The same as `trimmed`, `is_longer_than_any` and `Draft::is_tall` in the app.
  const trimmed = (text) => text.trimEnd().replace(/^\s*[\n\u2028\u2029]/, "");
  const isTooLong = (text) =>
    text.length > 2 * form.dataset.maxCodePoints || [...text].length > form.dataset.maxCodePoints;

  const onInput = () => {
    const isTall = field.value.length > form.dataset.tall;
    field.parentNode.classList.toggle("tall", isTall);
    field.parentNode.dataset.text = isTall ? "" : field.value;
    form.querySelector(".send").setAttribute("aria-disabled", !field.value.trim());
    const { tooLong } = form.dataset;
    if (isTooLong(trimmed(field.value))) problem.textContent = tooLong;
    else if (problem.textContent === tooLong) problem.textContent = "";
    if (!window.WebAssembly) return;
    withStorage((storage) => {
      storage[conversation] = field.value;
    });
  };

  // UUIDv7, like the app's command ids.
  const newId = () => {
    const at = now().toString(16).padStart(12, "0");
    const random = Array.from(crypto.getRandomValues(new Uint8Array(10)), (byte) => byte.toString(16).padStart(2, "0")).join("");
    return `${at.slice(0, 8)}-${at.slice(8)}-7${random.slice(0, 3)}-8${random.slice(3, 6)}-${random.slice(6, 18)}`;
  };

  // Messages are posted one after another. After a refused one, or if an earlier page has left commands in the outbox, the
  // rest waits for the app. A message that was not delivered is posted again and again, until the app takes over.
  let hasOutbox;
  try {
    hasOutbox = localStorage.getItem(`outbox ${me.id}`);
  } catch {
    // The app cannot use localStorage either, so there is no outbox.
  }
  let previous = Promise.resolve(!hasOutbox);
  const post = async ({ id, body, reply_to = "" }) => {
    const fields = new URLSearchParams({ id, body, author: me.id, reply_to });
    const request = { method: "POST", body: fields, redirect: "manual", keepalive: true };
    for (let wait = 1_000; field.isConnected; wait = Math.min(2 * wait, 30_000)) {
      const { type, status } = await fetch(form.action, request).catch(() => ({ status: 503 }));
      if (type === "opaqueredirect") return true;
      if (status < 500 && status !== 429) return false;
      await new Promise((done) => setTimeout(done, wait));
    }
  };
  // Grouped like in `state/rows.rs`.
  let above = open.page.messages.at(-1);
  const addRow = (message) => {
    const { at, body } = message;
    const row = document.getElementById("row").content.firstElementChild.cloneNode(true);
    row.querySelector(".body").textContent = trimmed(body);
    const time = row.querySelector("time");
    time.dateTime = new Date(at).toISOString();
    showTime(time);
    if (above?.author.id === me.id && at - above.at <= 300_000) {
      row.classList.remove("starts-group");
      row.querySelectorAll(".avatar, .message-head").forEach((part) => part.remove());
    }
    above = { author: me, at };
    rows.append(row);
    previous = previous.then((isDelivered) => isDelivered && post(message));
    previous.then((isDelivered) => {
      if (!isDelivered) return;
      row.dataset.pending = "false";
      row.querySelector(".delivery-status").remove();
    });
  };
  let warnedAbout;
  const send = (event) => {
    event.preventDefault();
    const message = { id: newId(), conversation, body: field.value, at: now(), reply_to: Number(load(replyKey)) || undefined };
    if (!message.body.trim() || isTooLong(trimmed(message.body))) return;
    // The user has begun to choose another recipient. The first attempt to send shows who would receive this.
    const recipient = document.getElementById("target-sidebar").value.trim();
    if (recipient && warnedAbout !== recipient) {
      warnedAbout = recipient;
      problem.textContent = form.dataset.goesTo.replace("\ufffc", () => recipient);
      return;
    }
    problem.textContent = "";
    sent.push(message);
    save("early", JSON.stringify(sent));
    withStorage((storage) => storage.removeItem(replyKey));
    field.value = "";
    onInput();
    addRow(message);
    scrollToEnd();
  };

  if (window.WebAssembly) form.addEventListener("submit", send);
  field.addEventListener("input", onInput);
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || event.keyCode === 229) return;
    const insertsBreak = event.altKey || event.getModifierState("AltGraph");
    if (event.shiftKey && !insertsBreak) return;
    if (!insertsBreak && !preferences.enter_sends && !event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    if (insertsBreak) document.execCommand("insertText", false, "\n");
    else form.requestSubmit();
  });
  // The boot of the app waits until the input method has finished.
  addEventListener("compositionstart", ({ target }) => (target.dataset.composing = ""));
  addEventListener("compositionend", ({ target }) => delete target.dataset.composing);
  field.value ||= load(conversation) || "";
  onInput();
  for (const message of sent) {
    if (message.conversation === conversation && !rows.querySelector(`[data-id="${message.id}"]`)) addRow(message);
  }
  scrollToEnd();
  // Not on phones, where the keyboard would cover the messages that the user came to read.
  if (innerWidth > 768) field.focus();
  // After a form was sent, a reload would ask whether to send it again. This makes the reload a plain one.
  history.replaceState(null, "", location.href);
}
