/** What machine this is, as reports say it. */
import { arch, availableParallelism, cpus, platform, release, totalmem } from 'node:os';
import type * as IO from 'fp-ts/lib/IO.js';
import { z } from 'zod';

/** The schema of a machine. */
export const machineSchema = z.strictObject({
  cpu: z.string(),
  /** Cores that this process may use. */
  cores: z.int().positive(),
  memoryGiB: z.number().positive(),
  system: z.string(),
  node: z.string(),
});

/** A machine. */
export type Machine = Readonly<z.output<typeof machineSchema>>;

/** This machine. */
export const machine: IO.IO<Machine> = () => ({
  cpu: cpus()[0]?.model.trim() ?? 'unknown',
  cores: availableParallelism(),
  memoryGiB: Math.round((10 * totalmem()) / 2 ** 30) / 10,
  system: `${platform()} ${release()} ${arch()}`,
  node: process.version,
});
