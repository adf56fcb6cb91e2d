import { Controller, Get, Header, Inject, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { Everybody } from '../api/auth/access.ts';
import { Metrics } from '../platform/metrics.ts';
import { HealthService } from './health.service.ts';

/** Mission 17: healthy and degraded answer 200, unhealthy 503. */
@Controller()
@Everybody()
export class HealthController {
  constructor(
    @Inject(HealthService) private readonly health: HealthService,
    @Inject(Metrics) private readonly metrics: Metrics,
  ) {}

  @Get(['health', 'api/health'])
  async overall(@Res({ passthrough: true }) reply: FastifyReply) {
    const { status } = await this.health.report();
    reply.status(status === 'unhealthy' ? 503 : 200);
    return { status };
  }

  @Get('health/live')
  live() {
    return { status: 'healthy' };
  }

  @Get('health/ready')
  async ready(@Res({ passthrough: true }) reply: FastifyReply) {
    const { status, checks } = await this.health.report();
    reply.status(status === 'unhealthy' ? 503 : 200);
    return { status, failing: checks.filter((check) => check.status === 'fail') };
  }

  @Get('health/detailed')
  async detailed(@Res({ passthrough: true }) reply: FastifyReply) {
    const report = await this.health.report();
    reply.status(report.status === 'unhealthy' ? 503 : 200);
    return report;
  }

  @Get('metrics')
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  prometheus(): string {
    return this.metrics.render();
  }
}
