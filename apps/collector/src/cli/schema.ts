import { configJsonSchema } from '../config/json-schema.ts';
import type { Command } from './command.ts';

/** `flyball-collector schema`: the JSON Schema of the configuration file. */
export const schema: Command = {
  name: 'schema',
  usage: 'schema',
  summary: 'print the JSON Schema of the configuration file, for editors',
  help: `Editors that use it complete fields and mark faults while you type:
  flyball-collector schema > collector.schema.json
and as the first line of collector.yaml:
  # yaml-language-server: $schema=./collector.schema.json`,
  options: {},
  async run({ out }) {
    out(JSON.stringify(configJsonSchema(), null, 2));
    return 0;
  },
};
