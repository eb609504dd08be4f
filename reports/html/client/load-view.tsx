import type { LoadEvidence } from "../../../harness/model/evidence.js";
import { Fold } from "./fold.js";

/** What the verifier said: its figures where it accepted, the end of its log where it refused. */
export function LoadView({ load }: { load: LoadEvidence }) {
  if (!load.accepted) {
    return (
      <Fold title="Refused by the verifier" open>
        <pre tabIndex={0}>{load.log}</pre>
      </Fold>
    );
  }
  if (load.programs.length === 0) return null;
  const number = (value: number | undefined): string => value?.toLocaleString("en") ?? "–";
  return (
    <Fold title="Verifier" note={`${number(load.programs[0]!.instructions)} instructions followed`}>
      <table class="plain">
        <thead>
          <tr>
            <th scope="col">program</th>
            <th scope="col" class="number">
              instructions
            </th>
            <th scope="col" class="number">
              states
            </th>
            <th scope="col" class="number">
              at a time
            </th>
            <th scope="col" class="number">
              stack, bytes
            </th>
            <th scope="col" class="number">
              machine code, bytes
            </th>
          </tr>
        </thead>
        <tbody>
          {load.programs.map(({ program, instructions, states, peakStates, stackBytes, jitedBytes }) => (
            <tr key={program}>
              <th scope="row">{program}</th>
              <td class="number">{number(instructions)}</td>
              <td class="number">{number(states)}</td>
              <td class="number">{number(peakStates)}</td>
              <td class="number">{stackBytes.join(" + ") || "–"}</td>
              <td class="number">{number(jitedBytes)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Fold>
  );
}
