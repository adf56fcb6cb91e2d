import { Controller, Get } from '@nestjs/common';
import { Everybody } from '../auth/access.ts';
import { openApiDocument } from './document.ts';

@Controller('api/openapi.json')
@Everybody()
export class OpenApiController {
  readonly #document = openApiDocument();

  @Get()
  document(): object {
    return this.#document;
  }
}
