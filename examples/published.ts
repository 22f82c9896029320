/**
 * What the paper reports (Gargiani et al. 2020, tables 1–3 and its published runs). Ranges come from a direct
 * transcription of the paper's protocol in another framework: they say where single runs lie.
 */
import type { PublishedInput } from '../optim/index.js';

type Benchmark = 'boston' | 'sine' | 'mnist' | 'fashion' | 'cifar10';

const titan = 'GeForce GTX TITAN X';
const laptop = 'Intel i7-7560U';
const transcription = 'transcription of the protocol';

/** A cell of a table: percent right after seconds, and the epochs completed by then. */
const at = (seconds: number, percent: number, epochs: number) => ({ seconds, accuracy: percent / 100, epochs });

/** The paper's results. */
export const published: { readonly [B in Benchmark]: PublishedInput } = {
  boston: {
    source: 'published runs',
    hardware: laptop,
    seeds: 5,
    train: 404,
    secondsPerStep: { 'SGN(10)': 0.096 },
    ranges: [
      {
        solver: 'SGN(10)',
        quantity: 'testLoss',
        epoch: 10,
        low: 0.0096,
        high: 0.0129,
        source: `${transcription}, 4 seeds`,
      },
    ],
  },
  sine: {
    source: 'published runs',
    hardware: laptop,
    seeds: 5,
    train: 7_000,
    secondsPerStep: { 'SGN(10)': 0.086 },
    ranges: [
      {
        solver: 'SGN(10)',
        quantity: 'trainLoss',
        epoch: 10,
        low: 2.9e-4,
        high: 2.2e-2,
        source: `${transcription}, 5 shuffles`,
      },
      {
        solver: 'SGN(10)',
        quantity: 'trainLoss',
        epoch: 30,
        low: 1.4e-4,
        high: 5.7e-4,
        source: `${transcription}, 5 shuffles`,
      },
    ],
  },
  mnist: {
    source: 'table 1',
    hardware: titan,
    seeds: 5,
    train: 60_000,
    rows: [
      { solver: 'SGD', label: 'SGD(1)', points: [at(25, 89.8, 36), at(100, 93.0, 144)] },
      { solver: 'SGN(2)', label: 'SGN(2)', points: [at(25, 91.6, 10), at(100, 93.8, 43)] },
      { solver: 'SGN(3)', label: 'SGN(3)', points: [at(25, 92.9, 8), at(100, 94.0, 33)] },
      { solver: 'SGN(5)', label: 'SGN(5)', points: [at(25, 92.8, 5), at(100, 93.7, 22)] },
      { solver: 'SGN(10)', label: 'SGN(10)', points: [at(25, 91.6, 3), at(100, 91.5, 12)] },
    ],
    secondsPerStep: { 'SGN(3)': 0.05, 'SGN(10)': 0.131 },
    ranges: [
      {
        solver: 'SGN(10)',
        quantity: 'testAccuracy',
        epoch: 1,
        low: 0.893,
        high: 0.893,
        source: `${transcription}, 1 seed`,
      },
      {
        solver: 'SGN(10)',
        quantity: 'testAccuracy',
        epoch: 2,
        low: 0.907,
        high: 0.907,
        source: `${transcription}, 1 seed`,
      },
      {
        solver: 'SGN(10)',
        quantity: 'testAccuracy',
        epoch: 3,
        low: 0.921,
        high: 0.921,
        source: `${transcription}, 1 seed`,
      },
    ],
  },
  fashion: {
    source: 'table 2',
    hardware: titan,
    seeds: 5,
    train: 60_000,
    rows: [
      { solver: 'SGD', label: 'SGD(0.1)', points: [at(50, 86.7, 15), at(150, 88.5, 46)] },
      { solver: 'SGN(2)', label: 'SGN(2)', points: [at(50, 84.5, 3), at(150, 86.2, 10)] },
      { solver: 'SGN(3)', label: 'SGN(3)', points: [at(50, 85.2, 2), at(150, 87.2, 8)] },
      { solver: 'SGN(5)', label: 'SGN(5)', points: [at(50, 85.6, 1), at(150, 87.8, 5)] },
      { solver: 'SGN(10)', label: 'SGN(10)', points: [at(50, 85.4, 1), at(150, 86.0, 3)] },
    ],
    secondsPerStep: { 'SGN(5)': 0.45, 'SGN(10)': 0.819 },
  },
  cifar10: {
    source: 'table 3',
    hardware: titan,
    seeds: 5,
    train: 50_000,
    rows: [
      { solver: 'SGD', label: 'SGD(0.1)', points: [at(650, 63.1, 45), at(2000, 60.9, 135)] },
      { solver: 'SGN(2)', label: 'SGN(2)', points: [at(650, 44.9, 10)] },
      { solver: 'SGN(3)', label: 'SGN(3)', points: [at(650, 49.3, 8)] },
      { solver: 'SGN(5)', label: 'SGN(5)', points: [at(650, 56.9, 5)] },
      { solver: 'SGN(10)', label: 'SGN(10)', points: [at(650, 64.7, 3), at(2000, 71.0, 9)] },
    ],
    secondsPerStep: { 'SGN(10)': 4.31 },
  },
};
