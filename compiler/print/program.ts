/** Compiled graphs as text: kernels with their costs, and the memory plan. */
import { at } from '../../dsl/internal.js';
import type { DerivativeCost } from '../inspect/costs.js';
import type { InspectedKernel, InspectedProgram } from '../inspect/data.js';
import { type ListingOptions, listingDefaults, wrapped } from './listing.js';
import { displayWidth, padColumns } from './name.js';

const units = ['', 'k', 'M', 'G', 'T'] as const;

/** `31.4 M`: a count with three digits and a decimal prefix. */
export const showCount = (count: number): string => {
  const power = count < 1000 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(count) / 3));
  const value = count / 1000 ** power;
  const text = Number.isInteger(value) && power === 0 ? String(value) : value.toPrecision(3);
  return `${text} ${at(units, power, 'showCount')}`;
};

const columns = (rows: readonly (readonly string[])[]): readonly string[] => {
  const widths = at(rows, 0, 'columns').map((_, i) =>
    Math.max(...rows.map((row) => displayWidth(at(row, i, 'columns')))),
  );
  return rows.map((row) =>
    row
      .map((cell, i) => padColumns(cell, at(widths, i, 'columns')))
      .join('  ')
      .trimEnd(),
  );
};

/** Milliseconds by kernel, where they were measured. */
export type Timings = Readonly<Record<string, number>>;

const kernelLines = (kernel: InspectedKernel, timings: Timings, options: ListingOptions): readonly string[] => {
  const { name, stores, fused, reads, cost, intensity, expression, listing } = kernel;
  const time = timings[name] === undefined ? '' : `, ${timings[name].toFixed(3)} ms`;
  return [
    `  ${name} → ${stores}   ${showCount(cost.flops)}FLOP, ${showCount(cost.bytes)}B, ${intensity.toFixed(2)} FLOP/B${time}`,
    `    reads ${reads.join(', ') || 'nothing'}${fused.length === 0 ? '' : `; computes ${fused.join(', ')} on the way`}`,
    ...(expression.text === '' ? [] : wrapped('    = ', expression.text, options.columns)),
    ...listing.map((line) => `      ${line}`),
  ];
};

/** Every kernel, stage by stage, with sums. */
export const listKernels = (
  { kernels, costs }: InspectedProgram,
  timings: Timings = {},
  options: ListingOptions = listingDefaults,
): readonly string[] =>
  Object.entries(costs).flatMap(([stage, cost]) => [
    '',
    `${stage}: ${cost.kernels} kernels, ${showCount(cost.flops)}FLOP, ${showCount(cost.bytes)}B`,
    ...kernels.filter((kernel) => kernel.stage === stage).flatMap((kernel) => kernelLines(kernel, timings, options)),
  ]);

const span = (ends: readonly string[]): string => [...new Set(ends)].join(' … ');

/** The memory plan: every array with its place and life. */
export const listMemory = ({ buffers, arenaBytes }: InspectedProgram): readonly string[] => {
  const total = buffers.reduce((sum, { bytes }) => sum + bytes, 0);
  return [
    '',
    `memory: ${showCount(arenaBytes)}B for ${buffers.length} arrays of ${showCount(total)}B in all`,
    ...columns([
      ['  array', 'bytes', 'from', 'to', 'kind', 'life', 'first … last kernel'],
      ...buffers.map(({ name, bytes, offset, kind, life, kernels }) => [
        `  ${name}`,
        String(bytes),
        String(offset),
        String(offset + bytes),
        kind,
        span(life),
        span(kernels),
      ]),
    ]),
  ];
};

const multiple = (ratio: number): string => ratio.toFixed(2);

/**
 * The costs of derivatives as multiples of the forward pass: `total` with the forward pass, `again` for one more
 * direction at the same point. `times` are milliseconds by stage, in the order of `costs`, where they were measured.
 */
export const listCosts = (
  costs: readonly DerivativeCost[],
  times: readonly Timings[],
  target: string,
): readonly string[] => {
  const sums = times.map((stages) => Object.values(stages));
  const total = (i: number): number => at(sums, i, 'listCosts').reduce((sum, time) => sum + time, 0);
  const again = (i: number): number => {
    const stages = at(sums, i, 'listCosts');
    return at(stages, stages.length - 1, 'listCosts');
  };
  const measured = (i: number): readonly string[] =>
    times.length === 0
      ? []
      : [
          `${total(i).toFixed(3)} ms`,
          multiple(total(i) / total(0)),
          `${again(i).toFixed(3)} ms`,
          multiple(again(i) / total(0)),
        ];
  return [
    `cost as multiples of the forward pass${target === '' ? '' : `, measured on ${target}`}`,
    ...columns([
      [
        '',
        'FLOP',
        'multiple',
        'again FLOP',
        'multiple',
        'bound',
        ...(times.length === 0 ? [] : ['time', 'multiple', 'again', 'multiple']),
      ],
      ...costs.map((cost, i) => [
        cost.graph,
        showCount(cost.total.flops),
        multiple(cost.ratio),
        showCount(cost.again.flops),
        multiple(cost.ratioAgain),
        cost.bound === undefined ? '' : `${cost.bound.value} ${cost.bound.equation}`,
        ...measured(i),
      ]),
    ]),
    '',
    'FLOP: with the forward pass. again: the product by itself, as for one more direction at the same θ and batch; it is',
    'what (16) and (17) bound, for a layer x W has the products ẋ W and x Ẇ in J v, and u Wᵀ and xᵀ u in Jᵀ u.',
  ];
};
