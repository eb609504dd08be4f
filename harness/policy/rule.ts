import type { Span } from "../model/span.js";

/** Says which labels something has to have; all requirements hold together. */
export interface Requirement {
  readonly key: string;
  readonly operator: "In" | "NotIn" | "Exists" | "DoesNotExist";
  /** Of `In` and `NotIn`. */
  readonly values: readonly string[];
}

export type Labels = ReadonlyMap<string, string>;

/** Cilium's names for what is not selected by labels of its own. */
export type Entity = "all" | "world" | "cluster" | "host";

/** Who is at the other end. */
export type Peer =
  | { readonly kind: "pods"; readonly requirements: readonly Requirement[] }
  /** A network without the networks `except`, each as `10.0.0.0/8`. */
  | { readonly kind: "network"; readonly prefix: string; readonly except: readonly string[] }
  | { readonly kind: "entity"; readonly entity: Entity }
  /** A DNS name, or all names below a domain. */
  | { readonly kind: "name"; readonly pattern: NamePattern };

/** `domain` without a dot at its end and in small letters; empty: the root. */
export interface NamePattern {
  readonly domain: string;
  /** The domain itself, names with one label more (`*.domain`), or names with any number more (`**.domain`). */
  readonly depth: "itself" | "one" | "any";
}

/** Ports `from` to `to`, both included; of ICMP and ICMPv6, message types. */
export interface PortRange {
  /** IANA's number; undefined: every protocol, and then every port. */
  readonly protocol: number | undefined;
  readonly from: number;
  readonly to: number;
}

export type Direction = "ingress" | "egress";

export interface Rule {
  readonly direction: Direction;
  readonly action: "allow" | "deny";
  readonly peers: readonly Peer[];
  readonly ports: readonly PortRange[];
  /** DNS answers over connections that this rule allows are believed. */
  readonly learnsNames: boolean;
  readonly span: Span;
}

/** One policy document, whatever its kind. */
export interface Policy {
  readonly name: string;
  /** Which pods it is about, by their labels. */
  readonly subjects: readonly Requirement[];
  /** In these directions its subjects may do nothing but what some policy allows. */
  readonly isolates: readonly Direction[];
  readonly rules: readonly Rule[];
  readonly span: Span;
}

/** Every port of every protocol. */
export const everyPort: PortRange = { protocol: undefined, from: 0, to: 65_535 };

/** Everyone, pods or not. */
export const everyone: Peer = { kind: "entity", entity: "all" };
