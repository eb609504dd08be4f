import type { AgreementProperty, Property } from "./property.js";
import {
  extensionsTransparent,
  laterFragmentsAlike,
  optionsTransparent,
  paddingIgnored,
  repeatable,
  vlanTransparent,
} from "./relation-properties.js";
import { checksumsValid, knownVerdict, lengthConsistent, noFault, ttlNonzero, unchanged } from "./run-properties.js";

const backendsAgree: AgreementProperty = {
  kind: "agreement",
  name: "backends-agree",
  byDefault: true,
};

/** Every property by its name in `invariant: […]`; those that need nothing else come first. */
export const properties: readonly Property[] = [
  noFault,
  knownVerdict,
  checksumsValid,
  lengthConsistent,
  ttlNonzero,
  paddingIgnored,
  laterFragmentsAlike,
  backendsAgree,
  unchanged,
  repeatable,
  vlanTransparent,
  optionsTransparent,
  extensionsTransparent,
];

export const defaultProperties: readonly Property[] = properties.filter(({ byDefault }) => byDefault);
