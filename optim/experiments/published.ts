/** Published results of a benchmark, as data to compare runs with. */
import { z } from 'zod';

/** The quantities that results are published for. */
export const quantities = ['testAccuracy', 'testLoss', 'trainLoss'] as const;

/** A quantity of an epoch. */
export type Quantity = (typeof quantities)[number];

const point = z.strictObject({
  /** Seconds of training on the publication's hardware. */
  seconds: z.number().positive(),
  /** Test accuracy, as a share of 1. */
  accuracy: z.number().min(0).max(1),
  /** Epochs completed by then. */
  epochs: z.int().positive(),
});

/** The schema of what is published about a benchmark. */
export const publishedSchema = z.strictObject({
  /** Where: for example `table 1`. */
  source: z.string(),
  hardware: z.string(),
  seeds: z.int().positive(),
  /** Training samples. */
  train: z.int().positive(),
  /** A table of accuracies. `solver` names a solver of the study or a sweep, whose best then counts. */
  rows: z.array(z.strictObject({ solver: z.string(), label: z.string(), points: z.array(point).min(1) })).default([]),
  /** Mean seconds of one step. */
  secondsPerStep: z.record(z.string(), z.number().positive()).default({}),
  /** Ranges of single runs at an epoch, for orientation. */
  ranges: z
    .array(
      z.strictObject({
        solver: z.string(),
        quantity: z.enum(quantities),
        epoch: z.int().positive(),
        low: z.number(),
        high: z.number(),
        source: z.string(),
      }),
    )
    .default([]),
});

/** What is published about a benchmark. */
export type Published = Readonly<z.output<typeof publishedSchema>>;

/** The same as an author writes it. */
export type PublishedInput = Readonly<z.input<typeof publishedSchema>>;
