import { z } from 'zod';

/** GET /api/policies: what is in force, and what is wrong with files that are not. */
export const policyList = z.object({
  policies: z.array(
    z.object({
      name: z.string(),
      service: z.string(),
      file: z.string(),
      /** sha256 of the text, hexadecimal. */
      hash: z.string(),
      /** The file as it was read. */
      text: z.string(),
    }),
  ),
  errors: z.array(
    z.object({
      file: z.string(),
      line: z.number().nullable(),
      column: z.number().nullable(),
      field: z.string(),
      message: z.string(),
    }),
  ),
});
export type PolicyList = z.infer<typeof policyList>;
