/**
 * Decodes with protobufjs the very bodies that the load generator sends, a moment at a time, each
 * time its parent asks; answers with CPU microseconds per span.
 */
import { proto } from '../../../libs/tracing/src/otlp/proto.fixture.ts';
import { LOAD_SHAPE, makeGroups, type Shape } from '../../support/load/template.ts';

/** CPU time of one turn, microseconds: long enough for several hundred bodies. */
const TURN_US = 1_000_000;

const shape = (process.argv[2] ?? 'whole') as Shape;
const type = proto('TraceRequest');
const bodies = makeGroups({ ...LOAD_SHAPE, shape }).flatMap((group) => group.bodies);

function usedUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function turn(): number {
  let spans = 0;
  const startUs = usedUs();
  while (usedUs() - startUs < TURN_US) {
    for (const body of bodies) {
      type.decode(body.bytes);
      spans += body.spans;
    }
  }
  return (usedUs() - startUs) / spans;
}

// The compiler's work is no part of decoding.
turn();
process.on('message', () => process.send?.(turn()));
process.once('disconnect', () => process.exit(0));
process.send?.('ready');
