//! The start page and plans.

texts! {
    Shop {
        promise: "Get paid through PayFast, keep the books right, talk to customers.",
        plans: "Plans",
        choose_plan: "Choose a plan",
        period: "Paid per",
        monthly: "Monthly",
        yearly: "Yearly",
        vat_included: "VAT included.",
        no_vat: "No VAT is charged.",
        per_month: "per month",
        per_year: "per year",
        once: "once",
        free: "Free",
        free_for_ever: "no payment needed",
        your_plan: "Your plan now",
        how_it_works: "How paying works",
        how_1: "You choose a plan and give your billing details.",
        how_2: "You pay on PayFast’s page: card, Instant EFT or another way. We never see your card number.",
        how_3: "PayFast confirms the payment to us, your plan starts, and we mail you the link to your invoice.",
        who_sells: "Who sells this",
        no_renewal: "A plan is one payment for one period. It does not renew by itself, so there is nothing to cancel.",
        free_needs_nothing: "Free needs no payment. It is on as long as no other plan is.",
    }
    phrases {
        saving(amount): "Yearly saves {amount} on Pro.",
        choose(plan): "Choose {plan}",
        plan_monthly(name): "{name}, monthly",
        plan_yearly(name): "{name}, yearly",
    }
}
