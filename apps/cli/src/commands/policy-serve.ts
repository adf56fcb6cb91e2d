import type { Command } from '../command.ts';
import { operandOf } from '../options.ts';
import { readSteering } from '../policy/read-policy.ts';
import { serveJsonSchema } from '../serve/lines.ts';
import { linesOf } from '../serve/lines-of.ts';
import { PolicyServer } from '../serve/server.ts';

const USAGE = 'policy serve FILE [--schema]';

/** `flyball policy serve FILE`: anybody's simulator asks, the policy answers. */
export const policyServe: Command = {
  name: 'policy serve',
  usage: USAGE,
  summary: 'decide over standard input and output: an observation in, a decision out',
  help: `One JSON object a line on standard input, one answer a line on standard output, in order,
each written at once. An observation needs only nowMs; what is not measured is left out or null:

  {"nowMs":60000,"ratePerSecond":120,"utilization":0.81,"p99Ms":430,"applied":4,"ready":4}
  {"value":6,"reason":"demand-above","text":"...","terms":{...},"proposed":6}

The law's proposal is bounded by the policy's guards, as a controller would. What was really applied
is told by the next observation's "applied"; left out, the last answer counts as applied.
{"reset":true} begins a new run and is answered with the policy's name, law, period and limits.
A bad line is answered with {"error":"..."} and changes nothing. It ends when its input ends.

  --schema   print the JSON Schema of the lines instead; then no FILE is needed

Through npm, say npm run --silent flyball -- policy serve FILE: npm writes on standard output too.`,
  options: { schema: { type: 'boolean' } },
  async run(invocation) {
    const { options, environment, input, out } = invocation;
    if (options.schema === true) {
      out(JSON.stringify(serveJsonSchema(), null, 2));
      return 0;
    }
    const file = operandOf(invocation, 'policy', USAGE);
    const server = new PolicyServer(readSteering(file, environment));
    for await (const line of linesOf(input)) {
      const answer = server.answer(line);
      if (answer !== null) out(answer);
    }
    return 0;
  },
};
