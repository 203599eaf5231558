/** `<tp-room-form>`: a new meeting and its sites. Fires `made` with the room that the server made. */
import { localized, msg, str } from "@lit/localize";
import { html, LitElement, nothing, type TemplateResult } from "lit";
import { customElement, property, state } from "lit/decorators.js";
import { kindWords, profileWords, roleWords } from "../../i18n/words-rooms.ts";
import { apiWords, csvWords, faultWords } from "../../i18n/words-start.ts";
import { ApiError, type OrganiserApi } from "../../organiser/api.ts";
import { sitesIn, textOf, type CsvFault } from "../../organiser/csv.ts";
import {
  draftOf,
  emptyRow,
  faultOfServer,
  faultsOf,
  newForm,
  ofKind,
  ROLES,
  withoutRow,
  withRow,
  withRows,
  type Faults,
  type Form,
  type Row,
} from "../../organiser/draft.ts";
import type { Profile, Role, RoomKind } from "../../protocol.gen.ts";
import { shared } from "../../styles/shared.ts";
import { icon } from "../icons.ts";
import { formStyles } from "./room-form.styles.ts";
import { fieldStyles } from "./start.styles.ts";

/** Of pictures; a stethoscope is heard. */
const PROFILES: readonly Profile[] = ["consult", "talk", "ultrasound", "surgery", "still", "screen"];

const valueOf = (event: Event): string => (event.target as HTMLInputElement).value;
const checkedOf = (event: Event): boolean => (event.target as HTMLInputElement).checked;

@localized()
@customElement("tp-room-form")
export class RoomForm extends LitElement {
  static override styles = [shared, fieldStyles, formStyles];

  @property({ attribute: false }) api!: OrganiserApi;
  @state() private form: Form = newForm(new Date());
  @state() private faults: Faults = {};
  @state() private refusal: ApiError | undefined;
  @state() private lineFaults: readonly CsvFault[] = [];
  @state() private busy = false;

  protected override render(): TemplateResult {
    const { form } = this;
    return html`<form @submit=${this.#submit} novalidate>
      ${this.#kinds()}
      ${this.#field(
        "title",
        msg("Title"),
        (attributes) => html`
          <input
            id="title"
            maxlength="80"
            autocomplete="off"
            placeholder=${msg("Chest pain, 3 hospitals")}
            aria-invalid=${attributes.invalid}
            aria-describedby=${attributes.describedBy}
            .value=${form.title}
            @input=${(event: Event) => this.#set({ title: valueOf(event) })}
          />
        `,
      )}
      <div class="times">${this.#time("starts", msg("Start"))} ${this.#time("ends", msg("Planned end"))}</div>
      <div>
        ${this.#check("waitingRoom", msg("Waiting room: the chair admits each site"))}
        ${this.#check("h264", msg("H.264 too, for hospital encoders"))}
      </div>
      <fieldset>
        <legend>${msg("Sites")}</legend>
        ${form.rows.map((row, index) => this.#row(row, index))} ${this.#fault("sites")}
        <div class="more">
          <wa-button id="add-site" appearance="outlined" @click=${this.#add}>
            <span class="stack">${icon("plus")}<span>${msg("Add a site")}</span></span>
          </wa-button>
        </div>
        ${this.#list()}
      </fieldset>
      ${this.#refused()}
      <wa-button id="make-room" variant="brand" type="submit" ?loading=${this.busy}>
        ${msg("Make the meeting and its links")}
      </wa-button>
    </form>`;
  }

  #kinds(): TemplateResult {
    const kinds: readonly RoomKind[] = ["consultation", "broadcast"];
    return html`<fieldset class="kinds">
      <legend>${msg("Kind of meeting")}</legend>
      ${kinds.map(
        (kind) =>
          html`<label class="check">
            <input
              type="radio"
              name="kind"
              value=${kind}
              .checked=${this.form.kind === kind}
              @change=${() => this.#change(ofKind(this.form, kind))}
            />
            ${kindWords(kind)}
          </label>`,
      )}
      <p class="quiet">
        ${
          this.form.kind === "broadcast"
            ? msg("A stage that is seen by hundreds, who ask in writing and may be asked onto the stage.")
            : msg("Everybody sees and hears everybody; the chair leads.")
        }
      </p>
    </fieldset>`;
  }

  #time(name: "starts" | "ends", words: string): TemplateResult {
    return this.#field(
      name,
      words,
      (attributes) =>
        html`<input
          id=${name}
          type="datetime-local"
          aria-invalid=${attributes.invalid}
          aria-describedby=${attributes.describedBy}
          .value=${this.form[name]}
          @input=${(event: Event) => this.#set({ [name]: valueOf(event) })}
        />`,
    );
  }

  #check(name: "waitingRoom" | "h264", words: string): TemplateResult {
    return html`<label class="check">
      <input
        id=${name}
        type="checkbox"
        .checked=${this.form[name]}
        @change=${(event: Event) => this.#set({ [name]: checkedOf(event) })}
      />
      ${words}
    </label>`;
  }

  #row(row: Row, index: number): TemplateResult {
    const name = `sites.${index}.name`;
    const site = `sites.${index}.site`;
    return html`<div class="row" role="group" aria-label=${msg(str`Site ${index + 1}`)}>
      ${this.#field(
        name,
        msg("Name"),
        (attributes) => html`
          <input
            id=${name}
            maxlength="80"
            autocomplete="off"
            aria-invalid=${attributes.invalid}
            aria-describedby=${attributes.describedBy}
            .value=${row.name}
            @input=${(event: Event) => this.#setRow(index, { name: valueOf(event) })}
          />
        `,
      )}
      ${this.#field(
        site,
        msg("Id"),
        (attributes) => html`
          <input
            id=${site}
            maxlength="64"
            autocomplete="off"
            spellcheck="false"
            aria-invalid=${attributes.invalid}
            aria-describedby=${attributes.describedBy}
            .value=${row.site}
            @input=${(event: Event) => this.#typedId(index, valueOf(event))}
          />
        `,
      )}
      ${this.#field(`sites.${index}.role`, msg("Role"), () => this.#roles(row, index))}
      <wa-button class="away" appearance="plain" @click=${() => this.#change(withoutRow(this.form, index))}>
        <span class="spoken-only">${msg(str`Take site ${index + 1} off the list`)}</span>${icon("close")}
      </wa-button>
      ${row.role === "encoder" ? this.#encoder(row, index) : nothing}
    </div>`;
  }

  /** An encoder cannot say what it shows: its link does. */
  #encoder(row: Row, index: number): TemplateResult {
    const [label, profile] = [`sites.${index}.label`, `sites.${index}.profile`];
    return html`<div class="encoder">
      ${this.#field(
        label,
        msg("What it shows"),
        (attributes) =>
          html`<input
            id=${label}
            maxlength="80"
            autocomplete="off"
            aria-invalid=${attributes.invalid}
            aria-describedby=${attributes.describedBy}
            .value=${row.label ?? ""}
            @input=${(event: Event) => this.#setRow(index, { label: valueOf(event) })}
          />`,
      )}
      ${this.#field(
        profile,
        msg("Kind of picture"),
        () =>
          html`<select
            id=${profile}
            @change=${(event: Event) => this.#setRow(index, { profile: valueOf(event) as Profile })}
          >
            ${PROFILES.map(
              (one) =>
                html`<option value=${one} ?selected=${one === (row.profile ?? "consult")}>
                  ${profileWords(one)}
                </option>`,
            )}
          </select>`,
      )}
    </div>`;
  }

  #roles(row: Row, index: number): TemplateResult {
    const roles = ROLES[this.form.kind];
    const all = roles.includes(row.role) ? roles : [...roles, row.role];
    return html`<select
      id=${`sites.${index}.role`}
      @change=${(event: Event) => this.#setRow(index, { role: valueOf(event) as Role })}
    >
      ${all.map((role) => html`<option value=${role} ?selected=${role === row.role}>${roleWords(role)}</option>`)}
    </select>`;
  }

  #list(): TemplateResult {
    return html`<details>
      <summary>${msg("Many sites? Paste or choose a list (CSV)")}</summary>
      <label>
        ${msg("One site a line: id, name, role")}
        <textarea id="csv" rows="4" spellcheck="false" placeholder="xixia,西峡县人民医院,member"></textarea>
      </label>
      ${this.lineFaults.map((fault) => html`<span class="fault" role="alert">${csvWords(fault)}</span>`)}
      <div class="more">
        <wa-button id="take-csv" appearance="outlined" @click=${this.#takeList}
          >${msg("Take over")}</wa-button
        >
        <label>
          ${msg("or a file")}
          <input id="csv-file" type="file" accept=".csv,.tsv,.txt,text/csv" @change=${this.#takeFile} />
        </label>
      </div>
    </details>`;
  }

  #field(
    name: string,
    words: string,
    control: (attributes: { invalid: string; describedBy: string }) => TemplateResult,
  ): TemplateResult {
    const wrong = this.faults[name] !== undefined;
    const attributes = { invalid: String(wrong), describedBy: wrong ? `${name}-fault` : "" };
    return html`<div class="field">
      <label for=${name}>${words}</label>
      ${control(attributes)} ${this.#fault(name)}
    </div>`;
  }

  #fault(name: string): TemplateResult | typeof nothing {
    const fault = this.faults[name];
    return fault ? html`<span class="fault" id="${name}-fault">${faultWords(fault)}</span>` : nothing;
  }

  #refused(): TemplateResult | typeof nothing {
    const { refusal } = this;
    if (!refusal) return nothing;
    return html`<div role="alert">
      <p class="fault">${apiWords(refusal.code)}</p>
      <p class="quiet">${msg("For the support desk:")} <code>${refusal.code}</code> ${refusal.message}</p>
    </div>`;
  }

  // --- what the person does ----------------------------------------------------------------------

  #set(part: Partial<Form>): void {
    this.#change({ ...this.form, ...part });
  }

  #setRow(index: number, part: Partial<Row>): void {
    this.#change(withRow(this.form, index, part));
  }

  /** An emptied id follows the name again. */
  #typedId(index: number, site: string): void {
    this.#setRow(index, { site, siteTyped: site !== "" });
  }

  /** Once faults were told, they go as they are mended. */
  #change(form: Form): void {
    this.form = form;
    if (Object.keys(this.faults).length > 0) this.faults = faultsOf(form, new Date());
  }

  #add(): void {
    const role = this.form.kind === "broadcast" ? "audience" : "member";
    this.form = { ...this.form, rows: [...this.form.rows, emptyRow(role)] };
    void this.#focus(`sites.${this.form.rows.length - 1}.name`);
  }

  async #focus(id: string): Promise<void> {
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>(`[id="${id}"]`)?.focus();
  }

  #takeList(): void {
    const area = this.renderRoot.querySelector<HTMLTextAreaElement>("#csv");
    if (!area || area.value.trim() === "") return;
    if (this.#take(area.value)) area.value = "";
  }

  async #takeFile(event: Event): Promise<void> {
    const input = event.target as HTMLInputElement;
    const file = input.files?.[0];
    if (file) this.#take(textOf(await file.arrayBuffer()));
    input.value = "";
  }

  /** All or nothing: a list with a wrong line is mended first, or half of the sites would be taken twice. */
  #take(text: string): boolean {
    const { rows, faults } = sitesIn(text);
    this.lineFaults = faults;
    if (faults.length > 0) return false;
    this.#change(withRows(this.form, rows));
    return true;
  }

  async #submit(event: Event): Promise<void> {
    event.preventDefault();
    if (this.busy) return;
    this.refusal = undefined;
    this.faults = faultsOf(this.form, new Date());
    const [first] = Object.keys(this.faults);
    if (first !== undefined) return this.#focus(first === "sites" ? "sites.0.name" : first);
    this.busy = true;
    try {
      const room = await this.api.create(draftOf(this.form));
      this.dispatchEvent(new CustomEvent("made", { detail: room, bubbles: true, composed: true }));
      this.form = newForm(new Date());
    } catch (error) {
      this.#refuse(error);
    } finally {
      this.busy = false;
    }
  }

  #refuse(error: unknown): void {
    if (!(error instanceof ApiError)) throw error;
    const faults = faultOfServer(this.form, error.field, error.message);
    const { "": unplaced, ...placed } = faults;
    if (unplaced) this.refusal = error;
    this.faults = placed;
    const [first] = Object.keys(placed);
    if (first !== undefined) void this.#focus(first);
  }
}
