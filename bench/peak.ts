/** The yardstick: what a plain register-tiled matrix product reaches in this process, on the threads of the target. */
import type { Program } from '../compiler/program.js';

const [rows, inner, columns] = [1000, 500, 48] as const;

/** Floating-point operations of one run of the yardstick. */
export const peakFlops = 2 * rows * inner * columns;

const buffers = [
  { name: 'a', length: rows * inner, kind: 'input' },
  { name: 'b', length: inner * columns, kind: 'input' },
  { name: 'c', length: rows * columns, kind: 'temporary' },
  { name: 'corner', length: 1, kind: 'temporary' },
] as const;

const ports = {
  a: { name: 'a', buffer: 0, shape: [rows, inner] },
  b: { name: 'b', buffer: 1, shape: [inner, columns] },
  corner: { name: 'corner', buffer: 3, shape: [] },
} as const;

/** C = A · B [rows, columns]; one element is read back. The operands stay in memory between runs of `product`. */
export const peakProgram: Program = {
  name: 'peak',
  buffers,
  stages: [
    { name: 'operands', inputs: [ports.a, ports.b], outputs: [], steps: [] },
    {
      name: 'product',
      inputs: [],
      outputs: [ports.corner],
      steps: [
        {
          kind: 'kernel',
          kernel: {
            name: 'product',
            axes: [rows, columns, inner].map((extent) => ({ kind: 'loop', name: 'i', extent })),
            outputAxes: [0, 1],
            output: 2,
            accumulators: [
              {
                kind: 'sum',
                parts: [
                  {
                    axes: [2],
                    term: [
                      {
                        op: 'load',
                        buffer: 0,
                        index: {
                          offset: 0,
                          terms: [
                            { axis: 0, stride: inner },
                            { axis: 2, stride: 1 },
                          ],
                        },
                        guards: [],
                      },
                      {
                        op: 'load',
                        buffer: 1,
                        index: {
                          offset: 0,
                          terms: [
                            { axis: 2, stride: columns },
                            { axis: 1, stride: 1 },
                          ],
                        },
                        guards: [],
                      },
                      { op: 'apply', fn: 'mul', operands: [0, 1] },
                    ],
                  },
                ],
              },
            ],
            body: [{ op: 'accumulator', accumulator: 0 }],
          },
        },
        {
          kind: 'kernel',
          kernel: {
            name: 'corner',
            axes: [],
            outputAxes: [],
            output: 3,
            accumulators: [],
            body: [{ op: 'load', buffer: 2, index: { offset: 0, terms: [] }, guards: [] }],
          },
        },
      ],
    },
  ],
  memory: {
    placements: buffers.map((_, i) => ({
      offset: buffers.slice(0, i).reduce((offset, { length }) => offset + length, 0),
      firstStage: 0,
      lastStage: 1,
    })),
    length: buffers.reduce((sum, { length }) => sum + 4 * Math.ceil(length / 4), 0),
  },
};

/** Operands of the yardstick. */
export const peakOperands = (): Readonly<Record<'a' | 'b', Float32Array>> => ({
  a: Float32Array.from({ length: rows * inner }, (_, i) => (i % 17) / 17),
  b: Float32Array.from({ length: inner * columns }, (_, i) => (i % 13) / 13),
});
