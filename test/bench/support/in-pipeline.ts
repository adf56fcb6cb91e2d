import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { endWithUs } from './ending.ts';
import type { PipelineResult, PipelineTask } from './pipeline-process.ts';

/** Measures the pipeline in a process of its own, so that no run inherits another's memory. */
export async function measurePipeline(task: PipelineTask): Promise<PipelineResult> {
  const child = fork(join(import.meta.dirname, 'pipeline-process.ts'), {
    execArgv: ['--conditions=@flyball/source', '--disable-warning=ExperimentalWarning'],
  });
  endWithUs(child, 'SIGTERM');
  try {
    child.send(task);
    const failed = once(child, 'exit').then(([code]) => {
      throw new Error(`the pipeline's process ended with ${code}: see above`);
    });
    failed.catch(() => {});
    const [result] = await Promise.race([once(child, 'message'), failed]);
    return result as PipelineResult;
  } finally {
    child.kill('SIGTERM');
  }
}
