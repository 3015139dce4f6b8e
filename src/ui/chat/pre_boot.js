// What the page can do before the program is there. It is small and comes with the document; what it has sent, the program
// sends once more under the same ids, which changes nothing where it has arrived.
{
  const form = document.querySelector(".composer-form");
  const field = form.elements.body;
  const rows = document.querySelector(".rows");
  const problem = document.getElementById("message-problem");
  const language = document.documentElement.lang;
  const { me, opening } = JSON.parse(document.body.dataset.viewer);
  const conversation = opening.conversation;
  // The reader's clock may be wrong; the document was made when the page began.
  const ahead = opening.welcome.at + performance.now() - Date.now();
  const now = () => Math.round(Date.now() + ahead);

  // A browser may forbid a page to keep anything, or have no room for it. That is told once, and all else goes on.
  const inTab = (deed) => {
    try {
      return deed(sessionStorage);
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
  // What a reload finds again, and the program, too. Where that can never come, the browser sends the form by itself, and
  // the server gives back what was refused.
  const recall = (name) => window.WebAssembly && inTab((kept) => kept.getItem(name));
  const keep = (name, text) => window.WebAssembly && inTab((kept) => kept.setItem(name, text));
  if (recall("user") !== me.id) inTab((kept) => kept.clear());
  keep("user", me.id);
  const sent = JSON.parse(recall("early") || "[]");

  const showEnd = () => (rows.parentNode.scrollTop = rows.parentNode.scrollHeight);

  // The server knows nobody's clock.
  const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const tell = (time) => (time.textContent = clock.format(new Date(time.dateTime)));
  const today = new Date(now()).toDateString();
  const tellDay = (day, time) => {
    const at = new Date(time.dateTime);
    day.textContent =
      at.toDateString() === today
        ? form.dataset.today
        : at.toLocaleDateString(language, { weekday: "long", month: "long", day: "numeric" });
  };
  let day;
  for (const row of rows.children) {
    const time = row.querySelector("time.at");
    if (time) tell(time);
    if (day && time) tellDay(day, time);
    day = row.matches(".day:not(.new)") ? row.firstChild : time ? null : day;
  }

  // As `trimmed`, `is_longer_than_any` and `is_high` of the program.
  const trimmed = (text) => text.trimEnd().replace(/^\s*[\n\u2028\u2029]/, "");
  const isTooLong = (text) => text.length > 2 * form.dataset.most || [...text].length > form.dataset.most;

  const typed = () => {
    const isHigh = field.value.length > form.dataset.high;
    field.parentNode.classList.toggle("tall", isHigh);
    field.parentNode.dataset.text = isHigh ? "" : field.value;
    form.querySelector(".send").setAttribute("aria-disabled", !field.value.trim());
    const { tooLong } = form.dataset;
    if (isTooLong(trimmed(field.value))) problem.textContent = tooLong;
    else if (problem.textContent === tooLong) problem.textContent = "";
    if (!window.WebAssembly) return;
    inTab((kept) => {
      kept[conversation] = field.value;
    });
  };

  // UUIDv7, as the program makes them.
  const newId = () => {
    const at = now().toString(16).padStart(12, "0");
    const random = Array.from(crypto.getRandomValues(new Uint8Array(10)), (byte) => byte.toString(16).padStart(2, "0")).join("");
    return `${at.slice(0, 8)}-${at.slice(8)}-7${random.slice(0, 3)}-8${random.slice(3, 6)}-${random.slice(6, 18)}`;
  };

  // One after the other; behind one that was refused, or what an earlier page has left in the outbox, all wait for the
  // program. What did not get through is sent again, until the program is there and does so.
  let waits;
  try {
    waits = localStorage.getItem(`outbox ${me.id}`);
  } catch {
    // Then the program, too, leaves nothing there.
  }
  let before = Promise.resolve(!waits);
  const post = async (id, body) => {
    const request = { method: "POST", body: new URLSearchParams({ id, body, author: me.id }), redirect: "manual", keepalive: true };
    for (let wait = 1_000; field.isConnected; wait = Math.min(2 * wait, 30_000)) {
      const { type, status } = await fetch(form.action, request).catch(() => ({ status: 503 }));
      if (type === "opaqueredirect") return true;
      if (status < 500 && status !== 429) return false;
      await new Promise((done) => setTimeout(done, wait));
    }
  };
  // Grouped as in `state/rows.rs`.
  let above = opening.page.messages.at(-1);
  const show = ({ id, at, body }) => {
    const row = document.getElementById("row").content.firstElementChild.cloneNode(true);
    row.querySelector(".body").textContent = trimmed(body);
    const time = row.querySelector("time");
    time.dateTime = new Date(at).toISOString();
    tell(time);
    if (above?.author.id === me.id && at - above.at <= 300_000) {
      row.classList.remove("starts-group");
      row.querySelectorAll(".avatar, .message-head").forEach((part) => part.remove());
    }
    above = { author: me, at };
    rows.append(row);
    before = before.then((well) => well && post(id, body));
    before.then((well) => {
      if (!well) return;
      row.dataset.pending = "false";
      row.querySelector(".delivery-status").remove();
    });
  };
  let told;
  const send = (event) => {
    event.preventDefault();
    const message = { id: newId(), conversation, body: field.value, at: now() };
    if (!message.body.trim() || isTooLong(trimmed(message.body))) return;
    // Somebody else was about to be chosen: before anything goes, it is told to whom.
    const wanted = document.getElementById("target-sidebar").value.trim();
    if (wanted && told !== wanted) {
      told = wanted;
      problem.textContent = form.dataset.goesTo.replace("\ufffc", () => wanted);
      return;
    }
    problem.textContent = "";
    sent.push(message);
    keep("early", JSON.stringify(sent));
    field.value = "";
    typed();
    show(message);
    showEnd();
  };

  if (window.WebAssembly) form.addEventListener("submit", send);
  field.addEventListener("input", typed);
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || event.keyCode === 229) return;
    const breaksLine = event.altKey || event.getModifierState("AltGraph");
    if (event.shiftKey && !breaksLine) return;
    event.preventDefault();
    if (breaksLine) document.execCommand("insertText", false, "\n");
    else form.requestSubmit();
  });
  // The program waits for the end of a composition.
  addEventListener("compositionstart", ({ target }) => (target.dataset.composing = ""));
  addEventListener("compositionend", ({ target }) => delete target.dataset.composing);
  field.value ||= recall(conversation) || "";
  typed();
  for (const message of sent) {
    if (message.conversation === conversation && !rows.querySelector(`[data-id="${message.id}"]`)) show(message);
  }
  showEnd();
  // On a phone the keyboard would cover what one came to read.
  if (innerWidth > 768) field.focus();
  // Who came in by the form is not asked to send it again when they load the page anew.
  history.replaceState(null, "", location.href);
}
