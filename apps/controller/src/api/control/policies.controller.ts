import { type PolicyList, policyJsonSchema } from '@flyball/contract';
import { Controller, Get, Inject } from '@nestjs/common';
import { Policies } from '../../policies/policies.service.ts';
import { Everybody, Roles } from '../auth/access.ts';

@Controller('api/policies')
@Roles('viewer')
export class PoliciesController {
  constructor(@Inject(Policies) private readonly policies: Policies) {}

  @Get()
  list(): PolicyList {
    return {
      policies: this.policies.current().map(({ policy, file, hash, text }) => ({
        name: policy.name,
        service: policy.service,
        file,
        hash,
        text,
      })),
      errors: [...this.policies.errors()],
    };
  }

  /** For editors: `# yaml-language-server: $schema=…/api/policies/schema.json`. */
  @Get('schema.json')
  @Everybody()
  schema(): Record<string, unknown> {
    return policyJsonSchema();
  }
}
