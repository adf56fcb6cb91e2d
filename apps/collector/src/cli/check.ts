import { describeRules } from '@flyball/tracing';
import { faultText, readConfig } from '../config/file.ts';
import type { Command } from './command.ts';

/** `flyball-collector check FILE`: what is wrong with a file, or how its rules are understood. */
export const check: Command = {
  name: 'check',
  usage: 'check FILE',
  summary: 'check a configuration file and say what is wrong, or how its rules are understood',
  help: `Exit code 0 when the file is good, 1 when it has a fault. Each fault is one line:
  FILE:LINE:COLUMN: FIELD: VALUE and REASON`,
  options: {},
  async run({ operands: [file], out, err }) {
    if (file === undefined) {
      err('which file? flyball-collector check FILE');
      return 1;
    }
    const result = readConfig(file);
    if (!result.ok) {
      for (const fault of result.faults) err(faultText(fault));
      return 1;
    }
    const { rules, dryRun } = result.config.sampling;
    out(`${file} is good. Each trace is asked, in this order:`);
    describeRules({ rules, dryRun }).forEach((rule, index) => {
      const when = rule.when === undefined ? 'always' : `if ${rule.when}`;
      const tried = rule.dryRun ? ' (dry run: nothing is dropped, only marked)' : '';
      out(`  ${index + 1}. ${rule.rule}: ${when}: ${rule.does}${tried}`);
    });
    out(dryRun ? '  else: kept, and marked as to be dropped' : '  else: dropped');
    return 0;
  },
};
