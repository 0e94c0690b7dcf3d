/**
 * The page's side of the chat: pusher-js listens to the room and says who is in it; messages go to the backend, which
 * publishes them. Only “… is typing” goes from page to page, as a client event.
 */
import * as view from "./room-view.js";

const settings = await fetch("/settings").then((response) => response.json());
const typingPauseMs = 1500;

view.askName(async (name) => {
  const me = await post("/join", { name });
  enterRoom(me);
});

/** Connects as this person and keeps the page up to date. */
function enterRoom(me) {
  const pusher = new window.Pusher(settings.key, {
    // Pusher's clusters mean nothing here, but pusher-js insists on the option.
    cluster: "",
    wsHost: settings.host,
    wsPort: settings.port,
    wssPort: settings.port,
    forceTLS: settings.useTLS,
    enabledTransports: ["ws", "wss"],
    channelAuthorization: {
      endpoint: "/pusher/auth",
      headers: { authorization: `Bearer ${me.token}` },
    },
  });
  watchConnection(pusher);

  const channel = pusher.subscribe(settings.room);
  const showPeople = () => view.showPeople(listPeople(channel.members));
  channel.bind("pusher:subscription_succeeded", () => {
    showPeople();
    view.openRoom(me);
  });
  channel.bind("pusher:member_added", ({ info }) => {
    showPeople();
    view.showNotice(`${info.name} joined`);
  });
  channel.bind("pusher:member_removed", ({ id, info }) => {
    showPeople();
    view.showNotice(`${info.name} left`);
    view.hideTyping(id);
  });
  channel.bind("pusher:subscription_error", ({ error }) => {
    view.showNotice(`The room did not let you in: ${error}`, "problem");
  });
  channel.bind("message", (message) => {
    view.hideTyping(message.from.id);
    view.showMessage(message, message.from.id === me.id);
  });
  channel.bind("client-typing", (_data, { user_id: id }) => {
    view.showTyping(id, channel.members.get(id)?.info.name);
  });

  let toldTypingAt = Number.NEGATIVE_INFINITY;
  view.onWriting(() => {
    // Client events are limited, and nobody needs to know it with every letter.
    if (performance.now() - toldTypingAt < typingPauseMs) return;
    toldTypingAt = performance.now();
    channel.trigger("client-typing", {});
  });
  view.onSend((text) => {
    toldTypingAt = Number.NEGATIVE_INFINITY;
    return post("/messages", { text }, me.token);
  });
}

/** Shows the state of the connection, and why the server ended it if it did. */
function watchConnection(pusher) {
  const address = `${settings.useTLS ? "wss" : "ws"}://${settings.host}:${settings.port}`;
  const texts = {
    connecting: "connecting…",
    connected: "connected",
    unavailable: `no answer from ${address}: is Antiphon running?`,
    failed: "this browser has no WebSocket",
    disconnected: "disconnected",
  };
  pusher.connection.bind("state_change", ({ current }) =>
    view.showStatus(current, texts[current] ?? current),
  );
  pusher.connection.bind("error", ({ error, data }) => {
    const reason = data?.message ?? error?.data?.message;
    if (reason !== undefined) view.showNotice(reason, "problem");
  });
}

function listPeople(members) {
  const people = [];
  members.each(({ id, info }) => people.push({ id, name: info.name, isMe: id === members.myID }));
  return people.sort((a, b) => Number(b.isMe) - Number(a.isMe) || a.name.localeCompare(b.name));
}

async function post(path, value, token) {
  const response = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify(value),
  });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
}
