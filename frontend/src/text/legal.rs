//! Terms, privacy notice and refunds, as paragraphs under headings.

/// A legal page: its title, one sentence that sums it up, then headed sections.
pub struct Page {
    pub title: &'static str,
    pub summary: &'static str,
    pub sections: &'static [Section],
}

/// Paragraphs under one heading.
pub struct Section {
    pub heading: &'static str,
    pub paragraphs: &'static [&'static str],
}

/// The legal pages.
pub struct Legal {
    pub terms: Page,
    pub privacy: Page,
    pub refunds: Page,
    pub seller: &'static str,
}

const fn section(heading: &'static str, paragraphs: &'static [&'static str]) -> Section {
    Section { heading, paragraphs }
}

pub static ENGLISH: Legal = Legal {
    seller: "Who we are",
    terms: Page {
        title: "Terms of use",
        summary: "You pay for a plan, we provide it for the time that you paid for.",
        sections: &[
            section(
                "What you buy",
                &[
                    "A plan gives your account the features that the plan’s card names, for the period that you paid for.",
                    "A payment covers one period. It does not renew by itself. A card that you save is charged only when somebody of your company asks for it.",
                    "Prices are in South African rand. When we are registered for VAT, prices include it and the invoice shows it.",
                ],
            ),
            section(
                "How you pay",
                &[
                    "Payments are taken by PayFast on PayFast’s own page, or with a card that PayFast keeps for you. We never see or keep your card number.",
                    "A plan starts when PayFast has confirmed the payment to our server. What your browser shows before that is no proof of payment.",
                    "Money that arrives late or twice is credited to your account; it is never lost.",
                ],
            ),
            section(
                "Your account",
                &[
                    "Keep your password to yourself. What is done with it counts as done by you until you tell us otherwise.",
                    "Use the service within the law, and do not try to reach data of other accounts.",
                    "You may stop at any time. Records that the law makes us keep, such as invoices, stay for as long as it asks.",
                ],
            ),
            section(
                "What we owe each other",
                &[
                    "We run the service with care and repair faults as fast as we can. We do not promise that it is never interrupted.",
                    "Nothing here takes away rights that the Consumer Protection Act or other South African law gives you.",
                    "South African law applies.",
                ],
            ),
        ],
    },
    privacy: Page {
        title: "Privacy notice",
        summary: "What we know about you, why, and what you can ask of us under the Protection of Personal Information Act (POPIA).",
        sections: &[
            section(
                "What we keep",
                &[
                    "Your name and e-mail address, so that you can sign in and we can send invoices.",
                    "Your company name, VAT number and billing address, because an invoice must carry them.",
                    "Your payments with their PayFast reference and state. Of a card that you save, its kind, last four digits, expiry and PayFast’s token for it. Not its number: PayFast keeps that, and we never receive it.",
                    "The address of your device and the time of sign-ins and changes, to protect your account.",
                ],
            ),
            section(
                "Why we may",
                &[
                    "To carry out the contract with you, to obey tax and company law, and to keep the service safe.",
                    "We do not sell personal information and show no advertising.",
                ],
            ),
            section(
                "Who else sees it",
                &[
                    "PayFast receives your name, e-mail address, the amount and what it is for when you go to its page.",
                    "The operators that host our server and carry our mail, who act on our instruction only.",
                ],
            ),
            section(
                "How long",
                &[
                    "Invoices and the payments behind them for five years after the tax year, as the Tax Administration Act asks.",
                    "Everything else until you close your account.",
                ],
            ),
            section(
                "What is stored in your browser",
                &[
                    "One cookie that keeps you signed in, your choice of light or dark, and what you typed into an unfinished order. Nothing follows you to other sites.",
                ],
            ),
            section(
                "Your rights",
                &[
                    "You may ask what we hold about you, have it corrected or deleted where the law does not make us keep it, and object to its use.",
                    "If we do not help you, the Information Regulator of South Africa takes complaints: inforegulator.org.za.",
                ],
            ),
        ],
    },
    refunds: Page {
        title: "Refunds",
        summary: "If a plan does not do what you bought it for, you can have your money back.",
        sections: &[
            section(
                "Change of mind",
                &[
                    "Under section 44 of the Electronic Communications and Transactions Act a consumer may cancel within seven days after buying, without a reason, and gets the full amount back.",
                ],
            ),
            section(
                "When something is wrong",
                &[
                    "If the service was not usable, ask for the part of the price that covers that time, or for all of it.",
                    "Money that you paid twice or too late for its invoice stands on your account as credit; you can have it paid back instead.",
                ],
            ),
            section(
                "How it is paid back",
                &[
                    "Through PayFast to the method you paid with, where PayFast can; else by EFT to a bank account that you name.",
                    "PayFast may need some working days. We send a credit note for each refund.",
                ],
            ),
            section(
                "What a cancelled payment is",
                &[
                    "A payment that you cancelled before PayFast confirmed it was never taken, so there is nothing to pay back.",
                ],
            ),
        ],
    },
};
