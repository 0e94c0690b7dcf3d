/**
 * The page's side: pusher-js is on one node, and hears from the presence channel who is on which. What the processes do is asked
 * of the backend, which is not part of the cluster and so can tell of it while nothing else works.
 */
import * as view from "./cluster-view.js";

const pollMs = 400;
const me = await send("POST", "/tabs");
const pusher = new window.Pusher(me.key, {
  // Pusher's clusters mean nothing here, but pusher-js insists on the option.
  cluster: "",
  wsHost: location.hostname,
  wsPort: me.port,
  forceTLS: false,
  enabledTransports: ["ws"],
  channelAuthorization: {
    endpoint: "/pusher/auth",
    headers: { authorization: `Bearer ${me.token}` },
  },
});
const channel = pusher.subscribe(me.channel);
/** What the backend said last. */
let cluster;

view.onAction({
  wave: () => {
    channel.trigger("client-wave", {});
    view.tell(me.name, "you wave");
  },
  reconnect: () => {
    pusher.disconnect();
    pusher.connect();
  },
  publish: (name) => attempt(`/events/${name}`),
  kill: (name) => attempt(`/processes/${name}/kill`),
  start: (name) => attempt(`/processes/${name}/start`),
});

channel.bind("pusher:subscription_succeeded", ({ me: member }) => {
  view.tell(me.name, `you are on ${member.info.node}`, "good");
  show();
});
channel.bind("pusher:member_added", ({ info }) => {
  view.tell(me.name, `${info.name} is here, on ${info.node}`);
  show();
});
channel.bind("pusher:member_removed", ({ info }) => {
  view.tell(me.name, `${info.name} is gone from ${info.node}`);
  show();
});
channel.bind("pusher:subscription_error", ({ error }) => view.tell(me.name, `not let in: ${error}`, "bad"));
channel.bind("announcement", ({ from, through }) =>
  view.tell(me.name, `event from ${from}, published through ${through}`),
);
channel.bind("client-wave", (_data, { user_id: id }) => {
  const info = channel.members.get(id)?.info;
  view.tell(me.name, `${info?.name ?? "Somebody"} waves from ${info?.node ?? "another node"}`);
  view.showWave(id);
});

pusher.connection.bind("state_change", ({ previous, current }) => {
  if (current === "disconnected") view.tell(me.name, "you disconnect");
  else if (previous === "connected") view.tell(me.name, "your connection is lost", "bad");
  show(current);
});
pusher.connection.bind("error", ({ error, data }) => {
  const reason = data?.message ?? error?.data?.message;
  if (reason !== undefined) view.tell(me.name, reason, "bad");
});

await poll(0);

/** Asks again and again for the state of the processes and what has happened to them since entry `after`. */
async function poll(after) {
  let last = after;
  for (;;) {
    try {
      const { entries, ...processes } = await send("GET", `/cluster?after=${last}`);
      cluster = processes;
      for (const { number, source, text, tone, at } of entries) {
        view.tell(source, text, tone, at);
        last = number;
      }
      show();
    } catch {
      view.showNoBackend();
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

/** Shows all that is known: processes, and members on their nodes. */
function show(state = pusher.connection.state) {
  const members = [];
  channel.members.each((member) =>
    members.push({ id: member.id, ...member.info, isMe: member.info.tab === me.id }),
  );
  const node = state === "connected" && channel.subscribed ? channel.members.me?.info.node : undefined;
  view.showMe(me.name, node, state);
  if (cluster !== undefined) view.showCluster(cluster, members);
}

async function attempt(path) {
  try {
    await send("POST", path);
  } catch (error) {
    view.tell(me.name, error.message, "bad");
  }
}

async function send(method, path) {
  // The first request asks for the identity that all others prove.
  const headers = path === "/tabs" ? {} : { authorization: `Bearer ${me.token}` };
  const response = await fetch(path, { method, headers });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
}
