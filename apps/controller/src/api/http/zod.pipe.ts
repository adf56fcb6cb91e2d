import type { PipeTransform } from '@nestjs/common';
import type { z } from 'zod';
import { ApiException } from './errors.ts';

/** Parses a body, query or parameter with the contract's schema: `@Body(new ZodPipe(schema))`. */
export class ZodPipe<Schema extends z.ZodType> implements PipeTransform<unknown, z.output<Schema>> {
  constructor(private readonly schema: Schema) {}

  transform(value: unknown): z.output<Schema> {
    const parsed = this.schema.safeParse(value ?? {});
    if (parsed.success) return parsed.data;
    const faults = parsed.error.issues.map((issue) => {
      const field = issue.path.join('.');
      return field === '' ? issue.message : `${field}: ${issue.message}`;
    });
    throw new ApiException(400, 'bad-request', faults.join('; '), parsed.error.issues);
  }
}
