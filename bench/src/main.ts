/** Entry of `npm run bench`: reads the arguments, runs the rounds, and reports. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type ContenderName, contenderNames } from "./contenders.ts";
import { placeSelf } from "./processes/placement.ts";
import { renderChart } from "./report/chart.ts";
import { judgeGoals } from "./report/goal-verdicts.ts";
import { describeRun, type RunDescription, writeResultFile } from "./report/result-file.ts";
import { renderReport } from "./report/text-report.ts";
import { foreignCoresOf, type Row } from "./report/results.ts";
import { takeRunLock } from "./run-lock.ts";
import { runRounds } from "./run-rounds.ts";
import { scenarios } from "./scenarios/all.ts";
import type { Effort } from "./scenarios/scenario.ts";

const usage = `npm run bench -- [options]

  --quick               two short rounds of fewer variants, about 4 minutes
  --rounds N            default 5
  --minutes N           no measurement begins after this time; default 60
  --only NAME,…         scenarios: ${scenarios.map(({ name }) => name).join(", ")}
  --contenders NAME,…   ${contenderNames.join(", ")}
  --chart               also draw docs/explanation/assets/benchmark.svg
`;

const fullEffort: Effort = { warmUpMs: 700, windowMs: 1200, isQuick: false };
const quickEffort: Effort = { warmUpMs: 400, windowMs: 800, isQuick: true };
const chartFile = fileURLToPath(new URL("../../docs/explanation/assets/benchmark.svg", import.meta.url));

/** What the documentation shows must be worth showing. */
const chartRounds = 3;
const chartCores = 0.2;

function isWorthShowing(row: Row): boolean {
  const isWhole = [...row.cells.values()].every(({ byRound }) => byRound.size >= chartRounds);
  return isWhole && foreignCoresOf(row) <= chartCores;
}

function readArguments() {
  const { values } = parseArgs({
    options: {
      quick: { type: "boolean", default: false },
      rounds: { type: "string" },
      minutes: { type: "string", default: "60" },
      only: { type: "string" },
      contenders: { type: "string", default: contenderNames.join(",") },
      chart: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  const names = values.only?.split(",");
  const unknown = names?.filter((name) => !scenarios.some((scenario) => scenario.name === name)) ?? [];
  const contenders = values.contenders.split(",");
  unknown.push(...contenders.filter((name) => !contenderNames.includes(name as ContenderName)));
  if (unknown.length > 0) throw new TypeError(`unknown: ${unknown.join(", ")}`);
  const rounds = Number(values.rounds ?? (values.quick ? 2 : 5));
  const maxMinutes = Number(values.minutes);
  if (!(Number.isInteger(rounds) && rounds > 0)) throw new TypeError("--rounds takes a number from 1 on");
  if (!(maxMinutes > 0)) throw new TypeError("--minutes takes a number above 0");
  return {
    help: values.help,
    chart: values.chart,
    rounds,
    maxMinutes,
    effort: values.quick ? quickEffort : fullEffort,
    scenarios: scenarios.filter(({ name }) => names?.includes(name) ?? true),
    contenders: contenders as ContenderName[],
  };
}

function describeMachine({ cpu, cores, versions, date }: RunDescription): string {
  const names = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return `${date.slice(0, 10)}, ${cores} × ${cpu}, ${names.join(", ")}`;
}

/** On a terminal one line that changes, elsewhere one line each. */
function showProgress(text: string): void {
  process.stderr.write(process.stderr.isTTY ? `\r\u001b[K${text}` : `${text}\n`);
}

/** The first signal ends the run with a report of what there is; the second ends it at once. */
function stopOnSignal(): AbortSignal {
  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => (stop.signal.aborted ? process.exit(3) : stop.abort()));
  }
  return stop.signal;
}

async function main(): Promise<number> {
  let options: ReturnType<typeof readArguments>;
  try {
    options = readArguments();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    return 2;
  }
  if (options.help) {
    process.stdout.write(usage);
    return 0;
  }
  if (!existsSync("/proc/self/stat")) {
    process.stderr.write("The benchmark reads CPU time from /proc, so it runs on Linux only.\n");
    return 3;
  }
  const holder = takeRunLock();
  if (holder !== undefined) {
    process.stderr.write(
      `Process ${holder} runs the benchmark already; two at once would measure each other.\n`,
    );
    return 3;
  }
  placeSelf();
  const run = describeRun();
  process.stdout.write(`${describeMachine(run)}\n`);
  const [load = 0] = run.loadAverageBefore;
  if (load > 0.5)
    process.stdout.write(`The machine is busy (load average ${load.toFixed(1)}): expect noise.\n`);
  const results = await runRounds({ ...options, signal: stopOnSignal(), onProgress: showProgress });
  showProgress("");
  const verdicts = judgeGoals(options.scenarios, results);
  process.stdout.write(`\n${renderReport(options.scenarios, results, verdicts)}\n`);
  process.stdout.write(`All samples: ${writeResultFile(run, results, verdicts)}\n`);
  if (options.chart && !results.rows.every(isWorthShowing)) {
    process.stdout.write("No chart: it takes three whole rounds on a machine that nobody else uses.\n");
  } else if (options.chart) {
    mkdirSync(fileURLToPath(new URL(".", `file://${chartFile}`)), { recursive: true });
    writeFileSync(chartFile, renderChart(results.rows, describeMachine(run)));
    process.stdout.write(`Chart: ${chartFile}\n`);
  }
  return 0;
}

process.exitCode = await main();
