import { describeClusterContract } from "../cluster-contract.test.harness.ts";
import { createTestWorkers } from "./workers.test.harness.ts";

describeClusterContract({ name: "workers of one machine", nodeCount: 3, create: createTestWorkers });
