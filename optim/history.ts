/** The schema of a run's history, as files hold it. */
import { z } from 'zod';
import type { StopReason } from './cg.js';
import type { EpochRecord } from './outcome.js';

const stopReasons = {
  Converged: 'Converged',
  MaxIterations: 'MaxIterations',
  NonPositiveCurvature: 'NonPositiveCurvature',
  RelativeProgress: 'RelativeProgress',
  NonFinite: 'NonFinite',
} as const satisfies { readonly [Tag in StopReason['_tag']]: Tag };

/** One epoch. */
export const epochRecordSchema: z.ZodType<EpochRecord> = z.strictObject({
  epoch: z.number().positive(),
  trainLoss: z.number(),
  testLoss: z.exactOptional(z.number()),
  testAccuracy: z.exactOptional(z.number().min(0).max(1)),
  validationLoss: z.exactOptional(z.number()),
  validationAccuracy: z.exactOptional(z.number().min(0).max(1)),
  seconds: z.number().min(0),
  rho: z.exactOptional(z.number()),
  stepSize: z.number(),
  cgIterations: z.exactOptional(z.number().min(0)),
  stopReason: z.exactOptional(z.enum(stopReasons)),
  rejected: z.exactOptional(z.int().positive()),
});

/** The epochs of a run, in order. */
export const historySchema: z.ZodType<readonly EpochRecord[]> = z.array(epochRecordSchema);
