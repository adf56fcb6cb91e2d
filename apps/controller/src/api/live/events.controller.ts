import { Controller, Get, Headers, Inject, type OnModuleDestroy, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { LiveEvents, type NumberedEvent } from '../../live/live-events.ts';
import type { Clock } from '../../platform/clock.ts';
import { CLOCK } from '../../platform/tokens.ts';
import { Roles } from '../auth/access.ts';
import { AUTHENTICATOR, type Authenticator } from '../auth/authenticator.port.ts';
import { ApiException } from '../http/errors.ts';

const HEARTBEAT_MS = 15_000;
const MOST_CLIENTS = 256;
/** A client this far behind is let go; it comes back with its last id. */
const MOST_BUFFERED_BYTES = 1 << 20;

/** What changed, as server-sent events. Says that, not how: clients fetch again what they show. */
@Controller('api/events')
@Roles('viewer')
export class EventsController implements OnModuleDestroy {
  readonly #clients = new Set<() => void>();

  constructor(
    @Inject(LiveEvents) private readonly live: LiveEvents,
    @Inject(AUTHENTICATOR) private readonly authenticator: Authenticator,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Get()
  stream(
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
    @Headers('last-event-id') lastId: string | undefined,
  ): void {
    if (this.#clients.size >= MOST_CLIENTS) {
      const message = `${MOST_CLIENTS} watchers are connected already: close a tab`;
      throw new ApiException(503, 'too-many-watchers', message, undefined, { 'retry-after': '30' });
    }
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      connection: 'keep-alive',
    });
    raw.write('retry: 2000\n\n');
    let unsubscribe = () => {};
    let heartbeat: NodeJS.Timeout | undefined;
    const close = () => {
      clearInterval(heartbeat);
      unsubscribe();
      this.#clients.delete(close);
      raw.end();
    };
    this.#clients.add(close);
    raw.on('close', close);
    raw.on('error', close);
    const send = (numbered: NumberedEvent) => {
      if (raw.writableLength > MOST_BUFFERED_BYTES) close();
      else raw.write(frame(numbered));
    };
    for (const missed of this.#missed(lastId)) send(missed);
    if (raw.writableEnded) return;
    unsubscribe = this.live.subscribe(send);
    heartbeat = setInterval(() => {
      raw.write(': still here\n\n');
      // A session that ended must not go on listening.
      this.authenticator.authenticate(request).then(
        (principal) => principal === null && close(),
        () => {},
      );
    }, HEARTBEAT_MS);
  }

  onModuleDestroy(): void {
    for (const close of [...this.#clients]) close();
  }

  #missed(lastId: string | undefined): NumberedEvent[] {
    if (lastId === undefined || !/^\d+$/.test(lastId)) return [];
    const id = Number(lastId);
    return this.live.since(id) ?? [{ id, event: { topic: 'resync', atMs: this.clock.nowMs() } }];
  }
}

function frame({ id, event }: NumberedEvent): string {
  return `id: ${id}\nevent: ${event.topic}\ndata: ${JSON.stringify(event)}\n\n`;
}
