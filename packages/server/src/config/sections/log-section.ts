/** Settings of the log, which goes to standard error. */

import { z } from "zod";
import { choice } from "../setting.ts";

export const logSection = z
  .strictObject({
    level: choice(["trace", "debug", "info", "warn", "error", "fatal", "silent"], "info", {
      description: "Least severe entry that is written.",
    }),
    format: choice(["auto", "json", "text"], "auto", {
      description:
        "One JSON object or one line of text an entry; auto is text on a terminal and JSON elsewhere.",
    }),
  })
  .prefault({});
