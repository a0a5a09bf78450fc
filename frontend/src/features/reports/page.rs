//! The page of all reports: tabs, one period for all, and what can be taken along.

use common::{
    API_BASE, Endpoint,
    auth::StaffRole,
    reports::{ReportPaymentsCsv, ReportQuery, ReportReceivablesCsv, ReportRevenueCsv, ReportVatCsv},
};
use leptos::prelude::*;
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_query_map},
};

use super::{
    payments,
    period::Period,
    picker::{picker, today},
    receivables, revenue, vat,
};
use crate::{
    address::query_value,
    browser,
    components::{
        button::{Kind, PlainButton},
        dynamic::{current, dynamic},
        heading::Heading,
        icon::icon_16,
    },
    dates::day_text,
    roles,
    session::use_session,
    text::reports,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Report {
    Revenue,
    Receivables,
    Vat,
    Payments,
}

const ALL: [Report; 4] = [Report::Revenue, Report::Receivables, Report::Vat, Report::Payments];

impl Report {
    fn parse(text: &str) -> Self {
        ALL.into_iter()
            .find(|report| report.as_str() == text)
            .unwrap_or(Report::Revenue)
    }

    fn as_str(self) -> &'static str {
        match self {
            Report::Revenue => "revenue",
            Report::Receivables => "receivables",
            Report::Vat => "vat",
            Report::Payments => "payments",
        }
    }

    fn name(self) -> &'static str {
        let texts = reports();
        match self {
            Report::Revenue => texts.revenue,
            Report::Receivables => texts.receivables,
            Report::Vat => texts.vat,
            Report::Payments => texts.payments,
        }
    }

    fn csv(self) -> &'static str {
        match self {
            Report::Revenue => ReportRevenueCsv::PATH,
            Report::Receivables => ReportReceivablesCsv::PATH,
            Report::Vat => ReportVatCsv::PATH,
            Report::Payments => ReportPaymentsCsv::PATH,
        }
    }
}

pub fn query(period: Period) -> ReportQuery {
    ReportQuery {
        from: Some(day_text(period.from)),
        to: Some(day_text(period.to)),
        group: Some(period.group),
    }
}

fn pairs(period: Period) -> String {
    format!(
        "from={}&to={}&group={}",
        day_text(period.from),
        day_text(period.to),
        period.group
    )
}

#[component]
pub fn ReportsPage() -> impl IntoView {
    browser::wear("desk", include_str!("../../../styles/desk.css"));
    browser::wear("reports", include_str!("../../../styles/reports.css"));
    let session = use_session();
    dynamic(move || match session.may_as_staff(StaffRole::Billing) {
        true => page(),
        false => roles::not_staff(),
    })
}

fn page() -> AnyView {
    let texts = reports();
    let navigate = use_navigate();
    let [tab, from, to, group] = ["report", "from", "to", "group"].map(query_value);
    let report = Memo::new(move |_| Report::parse(&tab.read()));
    let period = Memo::new(move |_| Period::parse(&from.read(), &to.read(), &group.read(), today()));
    let choose = Callback::new(move |period| {
        let options = NavigateOptions {
            scroll: false,
            ..NavigateOptions::default()
        };
        let tab = report.get_untracked().as_str();
        navigate(&format!("/reports?report={tab}&{}", pairs(period)), options);
    });
    let title = Signal::derive(move || texts.title.to_owned());
    let content = move || match report.get() {
        Report::Revenue => revenue::report(period),
        Report::Receivables => receivables::report(period),
        Report::Vat => vat::report(period),
        Report::Payments => payments::report(period),
    };
    let csv = move || format!("{API_BASE}{}?{}", report.get().csv(), pairs(period.get()));
    let print = Callback::new(|()| browser::print());
    view! {
        <div class="page reports">
            <div class="head">
                <Heading text=title/>
                <div class="head-actions no-print">
                    {picker(period, choose)}
                    <a class="btn btn-secondary" download="" href=csv>{icon_16("download")} {texts.csv}</a>
                    <PlainButton label=texts.print icon="print" kind=Kind::Secondary on_press=print/>
                </div>
            </div>
            <div class="stack">
                {tabs(report)}
                {dynamic(content)}
            </div>
        </div>
    }
    .into_any()
}

/// Links, since each report has an address.
fn tabs(report: Memo<Report>) -> AnyView {
    let query = use_query_map();
    let links = ALL.map(|each| {
        let href = move || {
            let mut query = query.get();
            query.remove("report");
            query.insert("report", each.as_str().to_owned());
            format!("/reports{}", query.to_query_string())
        };
        view! { <a href=href aria-current=current(move || report.get() == each)>{each.name()}</a> }.into_any()
    });
    view! { <nav class="tabs no-print" aria-label=reports().tabs>{Vec::from(links)}</nav> }.into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dates::parse_day;

    #[test]
    fn the_address_names_a_report() {
        assert_eq!(Report::parse("vat"), Report::Vat);
        assert_eq!(Report::parse("nothing"), Report::Revenue);
        let days = (parse_day("2026-10-01").unwrap(), parse_day("2026-11-30").unwrap());
        assert_eq!(
            pairs(Period::of(days, None)),
            "from=2026-10-01&to=2026-11-30&group=week"
        );
    }
}
