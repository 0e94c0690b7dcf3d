/** What the page shows. Knows the DOM and nothing of pusher-js. */

const element = (id) => document.getElementById(id);
const shownLines = 200;
const waveShownMs = 1500;
/** Ids of members that wave at the moment. */
const waving = new Set();
/** The processes and members of the last call, and as what they are shown. */
let last;
let shown = "";

/** Has the buttons do these; `publish`, `kill` and `start` get the name of a process. */
export function onAction(actions) {
  element("wave").addEventListener("click", actions.wave);
  element("reconnect").addEventListener("click", actions.reconnect);
  document.querySelector("main").addEventListener("click", ({ target }) => {
    const { action, name } = target.closest("button")?.dataset ?? {};
    actions[action]?.(name);
  });
}

/** Which node this tab is on, if it is on one. */
export function showMe(name, node, state) {
  const place = element("me");
  place.dataset.state = node === undefined && state === "connected" ? "joining" : state;
  place.dataset.node = node ?? "";
  const text =
    node === undefined ? `This is ${name}: ${describeState(state)}` : `This is ${name}, on ${node}`;
  if (place.textContent !== text) place.textContent = text;
  document.title =
    node === undefined ? `${name} – Antiphon cluster` : `${name} on ${node} – Antiphon cluster`;
  element("wave").disabled = node === undefined;
}

export function showCluster(cluster, members) {
  last = { cluster, members };
  render();
}

/** The member waves for a moment. */
export function showWave(id) {
  waving.add(id);
  render();
  setTimeout(() => {
    waving.delete(id);
    render();
  }, waveShownMs);
}

/** Adds a line to what happened, newest first. `source` is a process, or this tab. */
export function tell(source, text, tone = "plain", at = Date.now()) {
  const line = create("li", tone);
  line.dataset.source = source;
  const time = create("time", "", new Date(at).toLocaleTimeString([], { hour12: false }));
  line.append(time, create("span", "source", source), create("span", "text", text));
  const log = element("log");
  log.prepend(line);
  while (log.children.length > shownLines) log.lastElementChild.remove();
}

export function showNoBackend() {
  const place = element("me");
  place.dataset.state = "failed";
  place.textContent = "The example was stopped: start it again and reload";
}

function render() {
  if (last === undefined) return;
  const now = JSON.stringify([last, [...waving]]);
  // The page asks far more often than something happens.
  if (now === shown) return;
  shown = now;
  const { cluster, members } = last;
  const { proxy, nodes, redis } = cluster;
  showLayer("proxy", proxy, "passes each connection to the node that has the fewest");
  for (const node of nodes) {
    showNode(
      node,
      members.filter((member) => member.node === node.name),
    );
  }
  showLayer("redis", redis, "carries what the nodes tell each other");
}

function showLayer(id, program, text) {
  const layer = element(id);
  if (layer.children.length === 0) {
    const button = id === "proxy" ? createPublish(program) : create("button", "switch");
    layer.append(
      create("strong", "", program.name),
      create("span", "role", text),
      create("span", "place"),
      button,
    );
  }
  showProgram(layer, program);
}

function showNode(node, members) {
  const card = document.querySelector(`.node[data-name="${node.name}"]`) ?? createCard(node);
  showProgram(card, node);
  const dead = node.state === "stopped";
  card.querySelector(".badge").hidden = !node.leads;
  card.querySelector(".publish").disabled = node.state !== "running";
  card
    .querySelector(".tabs")
    .replaceChildren(...members.sort(byName).map((member) => createMember(member, dead)));
  // A member whose node is gone is one to the others until they have not heard that node for long enough.
  card.querySelector(".hint").hidden = !dead || members.length === 0;
}

/** What all processes show: where they are, and the button that ends or starts them. */
function showProgram(place, program) {
  const { name, state } = program;
  place.dataset.state = state;
  place.querySelector(".place").textContent = describePlace(program);
  const button = place.querySelector(".switch");
  if (button === null) return;
  const action = state === "stopped" ? "start" : "kill";
  button.textContent = action === "start" ? "Start again" : "Kill -9";
  Object.assign(button.dataset, { action, name });
}

function createCard(node) {
  const card = create("article", "node");
  card.dataset.name = node.name;
  const head = create("header");
  head.append(create("h3", "", node.name), create("span", "badge", "leads"), create("span", "place"));
  const hint = create(
    "p",
    "hint",
    "Still members in the eyes of the others, who wait six seconds for a sign of life.",
  );
  const foot = create("footer");
  foot.append(createPublish(node), create("button", "switch"));
  card.append(head, create("ul", "tabs"), hint, foot);
  element("nodes").append(card);
  return card;
}

function createMember({ id, name, isMe }, dead) {
  const chip = create("li", "tab", name);
  chip.classList.toggle("mine", isMe && !dead);
  chip.classList.toggle("waves", waving.has(id));
  chip.classList.toggle("ghost", dead);
  if (isMe && !dead) chip.append(create("small", "", "this tab"));
  return chip;
}

function createPublish({ name }) {
  const button = create("button", "publish", "Publish through it");
  Object.assign(button.dataset, { action: "publish", name });
  return button;
}

const describePlace = ({ state, port, pid }) =>
  state === "running" ? `port ${port}, process ${pid}` : state === "starting" ? "starting…" : "dead";

const stateTexts = {
  connecting: "connecting…",
  connected: "joining…",
  unavailable: "no node answers",
  failed: "this browser has no WebSocket",
  disconnected: "disconnected",
};
const describeState = (state) => stateTexts[state] ?? "not connected";

const byName = (a, b) => a.name.localeCompare(b.name, undefined, { numeric: true });

function create(tag, className = "", text = "") {
  const created = document.createElement(tag);
  created.className = className;
  created.textContent = text;
  if (tag === "button") created.type = "button";
  return created;
}
