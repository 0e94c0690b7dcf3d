/** What the page shows. Knows the DOM and nothing of pusher-js. All text of other people is set as text, never as HTML. */

const element = (id) => document.getElementById(id);
const typingShownMs = 3000;
/** Who is typing: name and timer by id. */
const typing = new Map();

/** Asks for a name until `join` takes one; an error of `join` is shown. */
export function askName(join) {
  const dialog = element("welcome");
  element("name").value = sessionStorage.getItem("name") ?? "";
  // There is nothing behind the dialog before somebody has a name.
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  async function submit() {
    const name = element("name").value;
    try {
      await join(name);
      sessionStorage.setItem("name", name);
      dialog.close();
    } catch (error) {
      element("join-error").textContent = error.message;
    }
  }
  element("join").addEventListener("submit", (event) => {
    event.preventDefault();
    void submit();
  });
  dialog.showModal();
}

/** Lets the person write. */
export function openRoom({ name }) {
  document.title = `${name} – Antiphon chat`;
  for (const control of element("compose").elements) control.disabled = false;
  element("text").focus();
}

export function showStatus(state, text) {
  element("status").dataset.state = state;
  element("status").textContent = text;
}

export function showPeople(people) {
  element("count").textContent = String(people.length);
  element("people").replaceChildren(...people.map(createPerson));
}

/** A line about the room, unless it would repeat the one before. `kind` is `notice` or `problem`. */
export function showNotice(text, kind = "notice") {
  if (element("messages").lastElementChild?.textContent === text) return;
  const line = create("li", kind);
  line.append(text);
  append(line);
}

export function showMessage({ from, text, at }, isMine) {
  const line = create("li", isMine ? "message mine" : "message");
  const time = create("time");
  time.dateTime = new Date(at).toISOString();
  time.append(new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }));
  const head = create("p", "head");
  head.append(createName(from.name), time);
  const body = create("p", "text");
  body.append(text);
  line.append(createAvatar(from), head, body);
  append(line);
}

export function showTyping(id, name) {
  if (name === undefined) return;
  clearTimeout(typing.get(id)?.timer);
  typing.set(id, { name, timer: setTimeout(() => hideTyping(id), typingShownMs) });
  renderTyping();
}

export function hideTyping(id) {
  clearTimeout(typing.get(id)?.timer);
  if (typing.delete(id)) renderTyping();
}

/** Calls back with each message that is to be sent; if that fails, says why and gives the text back. */
export function onSend(send) {
  element("compose").addEventListener("submit", (event) => {
    event.preventDefault();
    const input = element("text");
    const text = input.value;
    if (text.trim() === "") return;
    input.value = "";
    send(text).catch((error) => {
      input.value ||= text;
      showNotice(error.message, "problem");
    });
  });
}

export function onWriting(write) {
  element("text").addEventListener("input", write);
}

function renderTyping() {
  const names = [...typing.values()].map(({ name }) => name);
  element("typing").textContent =
    names.length === 0 ? "" : `${names.join(", ")} ${names.length === 1 ? "is" : "are"} typing…`;
}

function createPerson({ id, name, isMe }) {
  const item = create("li", "person");
  item.append(createAvatar({ id, name }), createName(name));
  if (isMe) {
    const you = create("span", "you");
    you.append("you");
    item.append(you);
  }
  return item;
}

function createName(name) {
  const span = create("span", "name");
  span.append(name);
  return span;
}

/** A disc with the first letter, in a colour that is the same on every page. */
function createAvatar({ id, name }) {
  const disc = create("span", "avatar");
  disc.ariaHidden = "true";
  disc.append([...name][0].toUpperCase());
  let hash = 0;
  for (const character of id) hash = (hash * 31 + character.codePointAt(0)) % 360;
  disc.style.setProperty("--hue", String(hash));
  return disc;
}

function create(tag, className = "") {
  const created = document.createElement(tag);
  created.className = className;
  return created;
}

/** Adds a line, and scrolls to it unless the reader has scrolled up. */
function append(line) {
  const list = element("messages");
  const isAtEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
  list.append(line);
  if (isAtEnd) list.scrollTop = list.scrollHeight;
}
