/**
 * Device arrays in linear memory. Each output of a stage has a few slots outside the arena; a new result takes a slot
 * whose array nobody holds any more, or else the one that was written longest ago, whose array is copied to the host first.
 * So handles never change, and memory never grows.
 */
import * as TE from 'fp-ts/lib/TaskEither.js';
import type { Slot } from '../../compiler/emit/wasm/layout.js';
import type { DeviceArray } from '../target.js';

/** Where the elements of a handle are now: a view of linear memory, or an array of the host. */
interface Contents {
  elements: Float32Array;
}

// the contents behind every handle that this kind of target gave out
const contents = new WeakMap<DeviceArray, Contents>();

/** The elements of a handle of ours, not copied: to be used at once. */
export const elementsOf = (array: DeviceArray): Float32Array | undefined => contents.get(array)?.elements;

const copyOf = (elements: Float32Array): Float32Array => {
  const copy = new Float32Array(elements.length);
  copy.set(elements);
  return copy;
};

interface Place {
  readonly view: Float32Array;
  owner: WeakRef<Contents> | undefined;
  written: number;
}

/** The slots of one output. */
export interface Slots {
  /** Keeps `elements` and gives their handle. */
  readonly keep: (elements: Float32Array) => DeviceArray;
  /** Copies what handles still hold to the host, so that none of them keeps the whole memory. */
  readonly vacate: () => void;
}

/** Slots over linear memory. */
export const slotsOver = (memory: Float32Array, slots: readonly Slot[]): Slots => {
  const places = slots.map(({ address, length }): Place => {
    const start = address / Float32Array.BYTES_PER_ELEMENT;
    return { view: memory.subarray(start, start + length), owner: undefined, written: 0 };
  });
  let clock = 0;
  const vacate = (place: Place): void => {
    const owner = place.owner?.deref();
    if (owner !== undefined) owner.elements = copyOf(place.view);
    place.owner = undefined;
  };
  return {
    vacate: () => {
      for (const place of places) vacate(place);
    },
    keep: (elements) => {
      const free = places.find(({ owner }) => owner?.deref() === undefined);
      const place = free ?? places.reduce((oldest, next) => (next.written < oldest.written ? next : oldest));
      vacate(place);
      place.view.set(elements);
      const kept: Contents = { elements: place.view };
      clock += 1;
      place.owner = new WeakRef(kept);
      place.written = clock;
      const handle: DeviceArray = {
        length: elements.length,
        read: TE.fromIO(() => copyOf(kept.elements)),
      };
      contents.set(handle, kept);
      return handle;
    },
  };
};
