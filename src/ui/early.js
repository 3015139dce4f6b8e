// What the page can do before the program is there. It is small and comes with the document; what it has sent, the program
// sends once more under the same ids, which changes nothing where it has arrived.
{
  const form = document.querySelector(".pot");
  const field = form.elements.body;
  const rows = document.querySelector(".rows");
  const language = document.documentElement.lang;
  const sent = [];

  const showEnd = () => (rows.parentNode.scrollTop = rows.parentNode.scrollHeight);

  // The server knows nobody's clock.
  const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const tell = (time) => (time.textContent = clock.format(new Date(time.dateTime)));
  const today = new Date().toDateString();
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

  const typed = () => {
    field.parentNode.dataset.text = field.value;
    form.querySelector(".send").setAttribute("aria-disabled", !field.value.trim());
  };

  // UUIDv7, as the program makes them.
  const newId = () => {
    const at = Date.now().toString(16).padStart(12, "0");
    const random = Array.from(crypto.getRandomValues(new Uint8Array(10)), (byte) => byte.toString(16).padStart(2, "0")).join("");
    return `${at.slice(0, 8)}-${at.slice(8)}-7${random.slice(0, 3)}-8${random.slice(3, 6)}-${random.slice(6, 18)}`;
  };

  // One after the other; behind one that was refused, or did not get through, all wait for the program.
  let before = Promise.resolve(true);
  const post = async (id, body) => {
    const fields = new URLSearchParams({ id, body, author: form.elements.author.value });
    const request = { method: "POST", body: fields, redirect: "manual", keepalive: true };
    return (await fetch(form.action, request)).type === "opaqueredirect";
  };
  const send = (event) => {
    event.preventDefault();
    const [id, body] = [newId(), field.value];
    if (!body.trim()) return;
    sent.push({ id, body });
    document.body.dataset.sent = JSON.stringify(sent);
    const row = document.getElementById("row").content.firstElementChild.cloneNode(true);
    row.querySelector(".body").textContent = body.trim();
    const time = row.querySelector("time");
    time.dateTime = new Date().toISOString();
    tell(time);
    if (rows.lastElementChild?.matches(".mine")) {
      row.classList.remove("starts");
      row.querySelectorAll(".face, .by").forEach((part) => part.remove());
    }
    rows.append(row);
    field.value = "";
    typed();
    showEnd();
    before = before.then((well) => well && post(id, body)).catch(() => false);
    before.then((well) => {
      if (!well) return;
      row.dataset.pending = "false";
      row.querySelector(".fate").remove();
    });
  };

  // Where the program can never come, the browser sends the form by itself, and shows what came of it.
  if (window.WebAssembly) form.addEventListener("submit", send);
  field.addEventListener("input", typed);
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    form.requestSubmit();
  });
  // The program waits for the end of a composition.
  addEventListener("compositionstart", ({ target }) => (target.dataset.composing = ""));
  addEventListener("compositionend", ({ target }) => delete target.dataset.composing);
  typed();
  showEnd();
  // On a phone the keyboard would cover what one came to read.
  if (innerWidth > 768) field.focus();
  // Who came in by the form is not asked to send it again when they load the page anew.
  history.replaceState(null, "", location.href);
}
