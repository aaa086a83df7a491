"""Addresses of the report pages."""

from django.urls import path

from .views import (
    check,
    detail,
    entry,
    evidence,
    kept,
    overview,
    paper,
    presence,
    replies,
    review,
    rows,
    sections,
    steps,
    trial,
    work,
    workbook,
)

app_name = "reports"
urlpatterns = [
    path("", work.work, name="work"),
    path("overview/", overview.overview, name="overview"),
    path("criteria/<slug:code>/trial/", trial.trial, name="trial"),
    path("reports/<int:pk>/", detail.report_detail, name="detail"),
    path("reports/<int:pk>/paper/", paper.report_paper, name="paper"),
    path("reports/<int:pk>/resume/", detail.report_resume, name="resume"),
    path("reports/<int:pk>/history/", detail.report_history, name="history"),
    path("reports/<int:pk>/versions/<int:number>/", detail.report_version, name="version"),
    path("reports/<int:pk>/groups/<str:code>/", entry.report_group, name="group"),
    path("reports/<int:pk>/sections/<str:code>/", sections.report_section, name="section"),
    path("reports/<int:pk>/rows/", rows.row_save, name="row_save"),
    path("reports/<int:pk>/presence/", presence.report_presence, name="presence"),
    path("reports/kept/<int:pk>/", kept.report_kept, name="kept"),
    path("reports/<int:pk>/evidence/", evidence.report_evidence, name="evidence"),
    path("reports/<int:pk>/evidence/add/", evidence.evidence_add, name="evidence_add"),
    path("reports/<int:pk>/evidence/attach/", evidence.evidence_attach, name="evidence_attach"),
    path("reports/<int:pk>/evidence/<int:evidence_id>/replace/", evidence.evidence_replace, name="evidence_replace"),
    path("reports/<int:pk>/evidence/<int:evidence_id>/file/", evidence.evidence_file, name="evidence_file"),
    path("reports/<int:pk>/evidence/links/<int:link>/remove/", evidence.evidence_unlink, name="evidence_unlink"),
    path("reports/<int:pk>/workbook/", workbook.report_workbook, name="workbook"),
    path("reports/<int:pk>/workbook/upload/", workbook.workbook_upload, name="workbook_upload"),
    path("reports/<int:pk>/check/", check.report_check, name="check"),
    path("reports/<int:pk>/review/", review.report_review, name="review"),
    path("reports/<int:pk>/items/", review.item_raise, name="item_raise"),
    path("reports/<int:pk>/items/replies/", replies.report_replies, name="replies"),
    path("reports/<int:pk>/items/<int:item>/resolve/", review.item_resolve, name="item_resolve"),
    path("reports/<int:pk>/steps/<slug:action>/", steps.report_step, name="step"),
    path("reports/<int:pk>/extend/", steps.report_extend, name="extend"),
]
